"""Pro Santé Connect as its documentation describes it: codes that serve once, PKCE checked, real claims, signing out.

It refuses what the real one refuses, so that a fault of ours is met here. `claims` and `told` overrule what it says, as
in FaultyProvider. Shapes: `ansforge/keycloak-prosanteconnect`; people are invented.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt

from tests.sas.faulty_provider import CLIENT, FaultyProvider

SECRET = "un-secret-d-essai"
REGISTERED = {"http://testserver/compte/psc/retour/", "http://testserver/sas/retour/"}
REGISTERED_AFTER = {"http://testserver/compte/psc/sortie/"}


def activity(place, mode="L", structure="R10000000000001", role=""):
    return {
        "codeModeExercice": mode,
        "codeSecteurDactivite": "SA07^1.2.250.1.71.4.2.4",
        "codeRole": role,
        "codeGenreActivite": "GENR01^1.2.250.1.213.1.6.1.4",
        "raisonSocialeSite": place,
        "identifiantTechniqueDeLaStructure": structure,
        "numeroFinessSite": "990000101",
        "phone": "",
        "address": {},
    }


def exercises(*activities):
    return {
        "codeCivilite": "MME",
        "exercices": [
            {
                "codeProfession": "10",
                "codeCategorieProfessionnelle": "C",
                "codeCiviliteDexercice": "DR",
                "nomDexercice": "LORET",
                "prenomDexercice": "ZOE",
                "codeTypeSavoirFaire": "S",
                "codeSavoirFaire": "SM54",
                "activities": list(activities),
            }
        ],
    }


@dataclass
class PscProvider(FaultyProvider):
    codes: dict = field(default_factory=dict)
    person: dict = field(default_factory=dict)
    authenticated_at: int = 0
    signed_out: list = field(default_factory=list)
    body: bytes = b""
    issued: list = field(default_factory=list)

    def __call__(self, environ, start_response):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        self.body = environ["wsgi.input"].read(size) if size else b""
        self.authorization = environ.get("HTTP_AUTHORIZATION", "")
        refused = []

        def answer(status, headers):
            """Told once the answer is known: a refusal is a 400."""

        try:
            body = super().__call__(environ, answer)
        except PermissionError as error:
            refused.append(str(error))
            body = [json.dumps({"error": "invalid_grant", "error_description": str(error)}).encode()]
        is_down = environ["PATH_INFO"].strip("/") in self.down
        status = "500 Internal Server Error" if is_down else "400 Bad Request" if refused else "200 OK"
        start_response(status, [("Content-Type", "application/json")])
        return body

    def configuration(self):
        return super().configuration() | {"end_session_endpoint": f"{self.url}/logout"}

    def answer(self, leaving, **changed):
        """The person says yes: a code bound to what was asked."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving).query).items()}
        assert asked["redirect_uri"] in REGISTERED, asked
        assert asked["code_challenge_method"] == "S256"
        if asked.get("prompt") == "login" or not self.authenticated_at:
            self.authenticated_at = int(time.time())
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]} | changed

    def token(self):
        sent = {name: values[0] for name, values in parse_qs(self.body.decode()).items()}
        asked = self.codes.pop(sent.get("code"), None)
        if asked is None:
            raise PermissionError("the code was used, or never given")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).rstrip(b"=")
        if challenge.decode() != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            raise PermissionError("PKCE or return address")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.authorization != f"Basic {basic}":
            raise PermissionError("the client is not who it says")
        self.nonce = asked["nonce"]
        self.claims = {"auth_time": self.authenticated_at} | self.claims
        answer = super().token()
        self.issued.append(answer["id_token"])
        return answer

    def userinfo(self):
        told = {
            "sub": "f:essai:1",
            "SubjectNameID": self.number,
            "preferred_username": self.number,
            "given_name": "Zoé",
            "family_name": "LORET",
            "codeCivilite": "MME",
            "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
            "SubjectOrganization": "CABINET LORET",
            "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"],
            "UITVersion": "1.0",
            "PSI_Locale": "1.2.250.1.213.1.3.1.1",
            "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
            "otherIds": [{"identifiant": self.number, "origine": "RPPS", "qualite": 1}],
            "SubjectRefPro": exercises(activity("CABINET LORET")),
        }
        return {name: value for name, value in (told | self.told).items() if value is not None}

    def leave(self, address):
        """The browser follows the page that signs out: refused unless everything is as registered."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/logout?")
        hint = jwt.decode(asked["id_token_hint"], self.key, algorithms=["RS256"])
        assert hint.claims["aud"] == CLIENT
        assert asked["post_logout_redirect_uri"] in REGISTERED_AFTER
        self.signed_out.append(hint.claims["sub"])
        return {"state": asked["state"]}
