"""Reading somebody's calendar at the address they gave: public hosts only, little, and not for long.

An address typed by a person must not make the server visit its own network.
"""

import ipaddress
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from maillage.core.errors import DomainError

TIMEOUT_SECONDS, MOST_BYTES, MOST_HOPS = 10, 5 * 1024 * 1024, 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AddressUnreachable(DomainError):
    user_message = "Rien ne répond à cette adresse, ou elle ne donne pas de calendrier."


class AddressForbidden(DomainError):
    user_message = "Cette adresse n’est pas joignable depuis Internet : donnez le lien « iCal » de votre agenda."


class TooHeavy(DomainError):
    user_message = "Ce calendrier dépasse 5 Mo : exportez-en une partie."


def fetch(address: str) -> str:
    """The text at that address. Raises AddressForbidden, AddressUnreachable, TooHeavy."""
    for _ in range(MOST_HOPS):
        url = checked(address)
        try:
            response = _ask(url)
        except (OSError, HTTPException, UnicodeError) as error:
            raise AddressUnreachable from error
        if response.status in REDIRECTS:
            address = urljoin(address, response.headers.get("Location", ""))
            continue
        if response.status != 200:
            raise AddressUnreachable
        return _read(response)
    raise AddressUnreachable


def checked(address: str) -> SplitResult:
    """webcal is https. Raises AddressForbidden for anything that is no plain web address."""
    try:
        url = urlsplit(address.replace("webcal://", "https://", 1))
        port = url.port
    except ValueError as error:
        raise AddressForbidden from error
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or port not in {None, 80, 443}:
        raise AddressForbidden
    return url


def public_address(host: str, port: int) -> str:
    """The address of a host, which must be public. The connection is made to it, not to the name: a second
    resolution could answer otherwise. Raises AddressForbidden, OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(ipaddress.ip_address(one.partition("%")[0]).is_global for one in addresses):
        raise AddressForbidden
    return addresses[0]


def _ask(url: SplitResult) -> HTTPResponse:
    host = str(url.hostname)
    port = url.port or (443 if url.scheme == "https" else 80)
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    plain = socket.create_connection((public_address(host, port), port), TIMEOUT_SECONDS)
    if url.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
        plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    connection.sock = plain
    path = quote(f"{url.path or '/'}{'?' + url.query if url.query else ''}", safe="/?&=%:,+;@!$'()*~")
    connection.request("GET", path, headers={"Accept": "text/calendar", "User-Agent": "Maillage"})
    return connection.getresponse()


def _read(response: HTTPResponse) -> str:
    try:
        content = response.read(MOST_BYTES + 1)
    except (OSError, HTTPException) as error:
        raise AddressUnreachable from error
    if len(content) > MOST_BYTES:
        raise TooHeavy
    return content.decode("utf-8", errors="replace")
