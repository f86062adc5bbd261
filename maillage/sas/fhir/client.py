"""The way to the SAS over HTTPS, with our certificate when the settings give one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import orjson
from django.conf import settings

from maillage.sas.fhir.resources import Resource

TIMEOUT_SECONDS, TOTAL_SECONDS, MOST_BYTES = 10, 20, 100_000


class Answer(NamedTuple):
    """`is_fhir`: the SAS itself speaks, and not a proxy on the way."""

    status: int
    is_fhir: bool = True


@contextmanager
def cut_after(seconds: float, sock: socket.socket) -> Iterator[None]:
    """End an exchange that lasts, whatever still comes. Raises TimeoutError."""
    cut = threading.Event()

    def end() -> None:
        cut.set()
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if cut.is_set():
            raise TimeoutError


class HttpSasClient:
    """INT_R03 at the base address of the SAS."""

    def __init__(self, base: str) -> None:
        self.base = urlsplit(base.rstrip("/"))

    def create(self, resource: Resource) -> Answer:
        return self._send("POST", f"{self.base.path}/Appointment", resource)

    def update(self, resource: Resource, *, system: str, value: str) -> Answer:
        query = urlencode({"identifier": f"{system}|{value}"})
        return self._send("PUT", f"{self.base.path}/Appointment?{query}", resource)

    def _send(self, method: str, path: str, resource: Resource) -> Answer:
        connection = self._connection()
        try:
            connection.connect()
            with cut_after(TOTAL_SECONDS, connection.sock):
                connection.request(method, path, orjson.dumps(resource), {"Content-Type": "application/fhir+json"})
                response = connection.getresponse()
                body = response.read(MOST_BYTES)
            return Answer(response.status, is_fhir=b"OperationOutcome" in body)
        except HTTPException as error:  # half an answer is none
            raise OSError(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host = self.base.netloc
        if self.base.scheme != "https":
            return HTTPConnection(host, timeout=TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=settings.SAS_AUTHORITY or None)
        if settings.SAS_CLIENT_CERTIFICATE:
            context.load_cert_chain(settings.SAS_CLIENT_CERTIFICATE, settings.SAS_CLIENT_KEY or None)
        return HTTPSConnection(host, timeout=TIMEOUT_SECONDS, context=context)
