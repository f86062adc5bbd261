"""The identity provider, by OpenID Connect: Pro Santé Connect, or any other of the same protocol (docs/ops/sas.md).

Authlib checks the state, the nonce, and the signature, issuer, audience and dates of the token; the level of trust and
the identifier are read here. The access token is not kept: it would open more than this product needs.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from authlib.integrations.django_client import OAuth, OAuthError
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from joserfc.errors import JoseError
from requests import RequestException

from maillage.accounts.rules.psc import Activity, activities_of, name_of
from maillage.core.errors import DomainError

NAME, SECONDS, IDENTIFIER_LENGTH = "identity", 5, 120
# Whatever the provider lists: neither `none`, nor a key that we share with it.
SIGNED_BY_IT_ALONE = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
FAULTS = (OAuthError, JoseError, RequestException, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
DEMANDED = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class ProviderNotJoined(DomainError):
    user_message = "Cette instance n’est pas encore raccordée à un fournisseur d’identité."


class ProviderSilent(DomainError):
    user_message = "Le fournisseur d’identité ne répond pas. Réessayez dans quelques minutes."


class IdentityRefused(DomainError):
    user_message = "Votre identité n’a pas été confirmée."


class IdentityNotFresh(IdentityRefused):
    user_message = "Le fournisseur d’identité n’a pas confirmé que vous veniez de vous authentifier."


class IdentityTooWeak(IdentityRefused):
    user_message = "Votre connexion n’atteint pas le niveau de confiance demandé : utilisez votre carte ou e-CPS."


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for: a number, never an address. The token serves to sign out there, nothing else."""

    identifier: str
    issuer: str = ""
    given_name: str = ""
    family_name: str = ""
    activities: tuple[Activity, ...] = ()
    authenticated_at: int | None = None  # seconds since 1970; None when the provider does not tell
    token: str = ""


def is_joined() -> bool:
    """Whether this instance was given a provider."""
    return bool(settings.IDENTITY_METADATA_URL and settings.IDENTITY_CLIENT_ID)


def leave(request: HttpRequest, *, coming_back_to: str, fresh: bool = False) -> HttpResponse:
    """Send the person to the provider, who asks them again when `fresh`. Raises ProviderNotJoined or ProviderSilent."""
    level = {"acr_values": settings.IDENTITY_LEVEL} if settings.IDENTITY_LEVEL else {}
    if fresh:
        level |= {"prompt": "login", "max_age": "0"}
    client = _client()
    try:
        _read_metadata(client)
        response: HttpResponse = client.authorize_redirect(request, coming_back_to, **level)
    except FAULTS as error:
        raise ProviderSilent from error
    return response


def come_back(request: HttpRequest) -> Identity:
    """Whom the provider sends back. Raises IdentityRefused when anything is wrong, ProviderSilent when it is down."""
    client = _client()
    try:
        _read_metadata(client)
        token = client.authorize_access_token(request)
        if not token.get("id_token"):  # what is not signed would come here as it is
            raise IdentityRefused
        proved = token["userinfo"]  # the claims of the signed token
        user_info = {**client.userinfo(token=token)}
    except RequestException as error:
        raise (IdentityRefused if _said_no(error) else ProviderSilent) from error
    except FAULTS as error:
        raise IdentityRefused from error
    return _identity(proved, user_info, token["id_token"])


def _said_no(error: RequestException) -> bool:
    """A code that served already, or is not ours: the provider answered, and refused."""
    return error.response is not None and error.response.status_code < 500


def signing_out_url(token: str, *, state: str, coming_back_to: str) -> str:
    """Where the browser goes so that the provider's own session ends too; empty when it has no such page.

    Raises ProviderNotJoined or ProviderSilent.
    """
    client = _client()
    try:
        metadata = _read_metadata(client)
    except FAULTS as error:
        raise ProviderSilent from error
    address = metadata.get("end_session_endpoint", "")
    asked = {"id_token_hint": token, "state": state, "post_logout_redirect_uri": coming_back_to}
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}" if address else ""


def metadata_of_provider() -> dict[str, Any]:
    """Its discovery document, read again. Raises ProviderNotJoined or ProviderSilent."""
    client = _client()
    client.server_metadata.clear()
    try:
        return _read_metadata(client)
    except FAULTS as error:
        raise ProviderSilent from error


def _identity(proved: dict[str, Any], user_info: dict[str, Any], token: str) -> Identity:
    """`user_info` is believed when it speaks of the person the signed token is about."""
    if not proved.get("sub") or proved["sub"] != user_info.get("sub"):
        raise IdentityRefused
    if settings.IDENTITY_LEVEL and proved.get("acr") != settings.IDENTITY_LEVEL:
        raise IdentityTooWeak
    claims = user_info | proved
    identifier = claims.get(settings.IDENTITY_CLAIM)
    if not isinstance(identifier, str) or not identifier.strip():
        raise IdentityRefused("Votre fournisseur d’identité n’a pas transmis votre identifiant national.")
    since = proved.get("auth_time")
    return Identity(
        identifier=identifier.strip()[:IDENTIFIER_LENGTH],
        issuer=str(proved["iss"]),
        given_name=name_of(claims, "given_name"),
        family_name=name_of(claims, "family_name"),
        activities=activities_of(claims),
        authenticated_at=since if isinstance(since, int) else None,
        token=token,
    )


def _read_metadata(client: Any) -> dict[str, Any]:
    """Once a process, when it is whole. Raises ProviderSilent."""
    metadata: dict[str, Any] = client.load_server_metadata()
    if not all(metadata.get(name) for name in DEMANDED):
        client.server_metadata.clear()
        raise ProviderSilent
    metadata["id_token_signing_alg_values_supported"] = SIGNED_BY_IT_ALONE
    return dict(metadata)


def _client() -> Any:
    if not is_joined():
        raise ProviderNotJoined
    return _registered(
        settings.IDENTITY_METADATA_URL,
        settings.IDENTITY_CLIENT_ID,
        settings.IDENTITY_CLIENT_SECRET,
        settings.IDENTITY_SCOPE,
    )


@lru_cache(maxsize=4)
def _registered(url: str, client_id: str, secret: str, scope: str) -> Any:
    oauth = OAuth()
    return oauth.register(
        NAME,
        client_id=client_id,
        client_secret=secret,
        server_metadata_url=url,
        client_kwargs={"scope": scope, "code_challenge_method": "S256", "default_timeout": SECONDS},
    )
