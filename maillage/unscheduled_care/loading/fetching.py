"""Reading somebody's calendar at the address they gave: public hosts only, little, and not for long. Runs apart.

An address typed by a person must not make the server visit its own network, nor wait for as long as a host likes.
"""

import signal
import socket
import ssl
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import FrameType
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from maillage.core.errors import UnreadableFile
from maillage.unscheduled_care.rules.addresses import is_public

TIMEOUT_SECONDS, TOTAL_SECONDS = 10, 20
MOST_BYTES, MOST_HOPS = 5 * 1024 * 1024, 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AddressUnreachable(UnreadableFile):
    user_message = "Rien ne répond à cette adresse, ou elle ne donne pas de calendrier."


class AddressForbidden(UnreadableFile):
    user_message = "Cette adresse n’est pas joignable depuis Internet : donnez le lien « iCal » de votre agenda."


class AddressTooSlow(UnreadableFile):
    user_message = f"Cette adresse n’a pas donné son calendrier en {TOTAL_SECONDS} secondes."


class TooHeavy(UnreadableFile):
    user_message = "Ce calendrier dépasse 5 Mo : exportez-en une partie."


def fetch(address: str, own_hosts: Collection[str] = ()) -> bytes:
    """What lies at that address. `own_hosts`: "host:port" of one's own network that may be visited all the same.

    Raises AddressForbidden, AddressUnreachable, AddressTooSlow, TooHeavy.
    """
    with deadline(TOTAL_SECONDS):
        for _ in range(MOST_HOPS):
            try:
                answer = _visit(checked(address, own_hosts), own_hosts)
            except (OSError, HTTPException, UnicodeError) as error:
                raise AddressUnreachable from error
            if isinstance(answer, bytes):
                return answer
            address = urljoin(address, answer)
    raise AddressUnreachable


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Interrupt whatever the process waits for, once the time is over: a byte now and then resets no clock.

    For the main thread of a process of its own. Raises AddressTooSlow.
    """

    def too_slow(number: int, frame: FrameType | None) -> None:
        raise AddressTooSlow

    before = signal.signal(signal.SIGALRM, too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def checked(address: str, own_hosts: Collection[str] = ()) -> SplitResult:
    """webcal is https. Raises AddressForbidden for anything that is no plain web address."""
    try:
        url = urlsplit(address.replace("webcal://", "https://", 1))
        port = url.port
    except ValueError as error:
        raise AddressForbidden from error
    if url.scheme not in {"http", "https"} or not url.hostname or url.username:
        raise AddressForbidden
    if port not in {None, 80, 443} and not is_own(url, own_hosts):
        raise AddressForbidden
    return url


def is_own(url: SplitResult, own_hosts: Collection[str]) -> bool:
    return f"{url.hostname}:{port_of(url)}" in own_hosts


def port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def addresses_of(url: SplitResult, own_hosts: Collection[str] = ()) -> list[str]:
    """The addresses of a host, all public. Connections are made to them, not to the name: a second resolution could
    answer otherwise. Raises AddressForbidden, OSError."""
    answers = socket.getaddrinfo(str(url.hostname), port_of(url), type=socket.SOCK_STREAM)
    addresses = [str(answer[4][0]) for answer in answers]
    if not addresses or not (is_own(url, own_hosts) or all(map(is_public, addresses))):
        raise AddressForbidden
    return addresses


def _visit(url: SplitResult, own_hosts: Collection[str]) -> bytes | str:
    """The content, or where to go instead. Raises AddressForbidden, AddressUnreachable, TooHeavy, OSError."""
    path = quote(f"{url.path or '/'}{'?' + url.query if url.query else ''}", safe="/?&=%:,+;@!$'()*~")
    with closing(_connection(url, own_hosts)) as connection:
        connection.request("GET", path, headers={"Accept": "text/calendar", "User-Agent": "Maillage"})
        with connection.getresponse() as response:
            if response.status in REDIRECTS:
                return str(response.headers.get("Location", ""))
            if response.status != 200:
                raise AddressUnreachable
            content = response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooHeavy
    return content


def _connection(url: SplitResult, own_hosts: Collection[str]) -> HTTPConnection:
    host, port = str(url.hostname), port_of(url)
    plain = _connected(addresses_of(url, own_hosts), port)
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if url.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
        plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    connection.sock = plain
    return connection


def _connected(addresses: list[str], port: int) -> socket.socket:
    """To the first that answers, three at most. Raises OSError."""
    failure = OSError("no address")
    started = time.monotonic()
    for address in addresses[:3]:
        try:
            return socket.create_connection((address, port), max(TIMEOUT_SECONDS - (time.monotonic() - started), 1))
        except OSError as error:
            failure = error
    raise failure
