"""An identity provider that can be told to do one thing wrong: what a wallet would never do on purpose."""

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "maillage-essai"


class Quiet(WSGIRequestHandler):
    def log_message(self, *told):
        """Nothing."""


@dataclass
class FaultyProvider:
    """`claims` and `told` overrule what the token and the user info would say; None takes a claim away."""

    number: str
    claims: dict = field(default_factory=dict)
    told: dict = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    signed_with: RSAKey | None = None
    down: frozenset = frozenset()
    algorithm: str = "RS256"
    url: str = ""
    nonce: str = ""

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"].strip("/")
        if path in self.down:
            start_response("500 Internal Server Error", [])
            return [b"down"]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(getattr(self, path.replace("-", "_"))()).encode()]

    def configuration(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    def keys(self):
        return {"keys": [self.key.as_dict(private=False)]}

    def token(self):
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "f:essai:1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "acr": "eidas1",
            "auth_time": int(time.time()),
        } | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        key = self.signed_with or self.key
        signed = jwt.encode({"alg": self.algorithm, "kid": key.kid}, kept, key, algorithms=[self.algorithm])
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": signed, "expires_in": 300}

    def userinfo(self):
        told = {"sub": "f:essai:1", "SubjectNameID": self.number, "given_name": "Zoé", "family_name": "Loret"}
        return {name: value for name, value in (told | self.told).items() if value is not None}

    def answer(self, leaving):
        """What the browser comes back with, once the person said yes."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving).query).items()}
        self.nonce = asked["nonce"]
        return {"code": "one", "state": asked["state"]}


@contextmanager
def running(provider):
    server = make_server("127.0.0.1", 0, provider, handler_class=Quiet)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
