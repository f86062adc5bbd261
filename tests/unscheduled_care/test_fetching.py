"""Fetching on a stranger's word: public addresses only, once resolved, and in time."""

import socket
import threading
import time

import pytest

from maillage.sas.fhir import client as sas_client
from maillage.unscheduled_care.loading import fetching
from maillage.unscheduled_care.rules.addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "233.252.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "64:ff9b:1:ffff::a9fe:a9fe",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "feff::1",
        "ff02::1",
        "ff0e::1",
        "4000::1",
    ],
)
def test_private_reserved_and_translated_addresses_are_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "193.52.1.1",
        "223.255.255.1",
        "2001:4860:4860::8888",
        "2a01:e0a::1",
        "2606:4700::1111",
        "2003::1",
        "2001:200::1",
    ],
)
def test_public_addresses_are_visited(address):
    assert is_public(address)


@pytest.fixture
def resolved(monkeypatch):
    """Have every name resolved to these addresses."""

    def resolve(*addresses):
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)

    return resolve


@pytest.mark.parametrize(
    "addresses", [["192.168.1.4"], ["8.8.8.8", "127.0.0.1"], ["64:ff9b::a00:1"], ["::ffff:10.0.0.1"], []]
)
def test_a_name_that_leads_inside_is_refused(resolved, monkeypatch, addresses):
    resolved(*addresses)
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(fetching.AddressForbidden):
        fetching.fetch("webcal://agenda.exemple.invalid/a.ics")


def test_the_connection_goes_to_the_address_that_was_checked(resolved, monkeypatch):
    """A name that answers otherwise the second time leads nowhere: there is no second time."""
    resolved("8.8.8.8")
    visited = []

    def create_connection(address, timeout):
        visited.append(address)
        resolved("127.0.0.1")
        raise OSError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    with pytest.raises(fetching.AddressUnreachable):
        fetching.fetch("http://rebond.exemple.invalid/a.ics")
    assert visited == [("8.8.8.8", 80)]


class Host:
    """A host on this machine that answers as it is told, a piece now and then."""

    def __init__(self, pieces, pause=0.0):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.pieces, self.pause, self.visits = pieces, pause, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            self.visits += 1
            threading.Thread(target=self.answer, args=(caller,), daemon=True).start()

    def answer(self, caller):
        with caller:
            caller.recv(4096)
            try:
                for piece in self.pieces:
                    caller.sendall(piece)
                    time.sleep(self.pause)
            except OSError:
                return


@pytest.fixture
def host():
    hosts = []

    def make(pieces, pause=0.0):
        hosts.append(Host(pieces, pause))
        return hosts[-1]

    yield make
    for one in hosts:
        one.listener.close()


def redirect(address):
    return [f"HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n".encode()]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/a",
        "http://[::1]/a",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//127.0.0.1/a",
        "http://[64:ff9b::7f00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
def test_a_redirection_inside_is_refused(host, target):
    server = host(redirect(target))
    with pytest.raises(fetching.AddressForbidden):
        fetching.fetch(f"http://{server.name}/a.ics", [server.name])
    assert server.visits == 1


def test_redirections_end(host):
    server = host(redirect("/encore"))
    with pytest.raises(fetching.AddressUnreachable):
        fetching.fetch(f"http://{server.name}/", [server.name])
    assert server.visits == fetching.MOST_HOPS


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([HEAD + b"\r\n", *[b"B"] * 1_000], id="content"),
        pytest.param([HEAD, *[b"X"] * 1_000], id="header"),
    ],
)
def test_a_byte_now_and_then_does_not_hold_the_reader(host, monkeypatch, pieces):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 0.6)
    server, started = host(pieces, 0.05), time.monotonic()
    with pytest.raises(fetching.AddressTooSlow):
        fetching.fetch(f"http://{server.name}/", [server.name])
    assert time.monotonic() - started < 2


def test_a_calendar_without_end_is_cut(host):
    server = host([HEAD + b"\r\n", *[b"x" * 2**20] * 50])
    with pytest.raises(fetching.TooHeavy):
        fetching.fetch(f"http://{server.name}/", [server.name])


def test_a_host_of_one_s_own_is_one_port_of_it(host):
    server = host([HEAD + b"\r\nBEGIN:VCALENDAR"])
    assert fetching.fetch(f"http://{server.name}/", [server.name]) == b"BEGIN:VCALENDAR"
    with pytest.raises(fetching.AddressForbidden):
        fetching.fetch(f"http://{server.name}/", ["127.0.0.1:1"])


def test_an_answer_of_the_sas_that_never_ends_is_cut(host, monkeypatch):
    monkeypatch.setattr(sas_client, "TOTAL_SECONDS", 0.5)
    server, started = host([b"HTTP/1.1 200 OK\r\n\r\n", *[b"{"] * 1_000], 0.05), time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011
        sas_client.HttpSasClient(f"http://{server.name}").create({"resourceType": "Appointment"})
    assert time.monotonic() - started < 2
