"""deploy/nginx-sas.conf with a real nginx and a test authority: who is let through, and with what certificate."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

ROOT = Path(__file__).parent.parent.parent
NGINX = shutil.which("nginx")
FRAME = (
    "daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}} "
    "http {{ access_log off; {temporary} {server} }}"
)
TEMPORARY = " ".join(
    f"{kind}_temp_path {{folder}}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)
NAME = "sas.cpts.example.org"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("nginx"),
    pytest.mark.skipif(not NGINX and not os.environ.get("NGINX_REQUIRED"), reason="nginx is not on this machine"),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Authority:
    """A test authority: certificates it signed, and the list of those it took back."""

    def __init__(self, folder: Path, name: str) -> None:
        self.authority, self.folder, self.name = trustme.CA(organization_name=name), folder, name
        self.certificate = folder / f"{name}.pem"
        self.authority.cert_pem.write_to_path(self.certificate)

    def signed(self, common_name: str, unit: str = "318751275100020") -> Path:
        path = self.folder / f"{self.name}-{common_name}-{unit}.pem"
        made = self.authority.issue_cert(f"{common_name}.test", common_name=common_name, organization_unit_name=unit)
        made.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def revoke(self, *paths: Path) -> Path:
        """The revocation list: nothing in trustme writes one."""
        key = serialization.load_pem_private_key(self.authority.private_key_pem.bytes(), None)
        issuer = x509.load_pem_x509_certificate(self.authority.cert_pem.bytes()).subject
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(now - timedelta(hours=1))
        builder = builder.next_update(now + timedelta(days=1))
        for path in paths:
            serial = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(minutes=5))
            builder = builder.add_revoked_certificate(one.build())
        path = self.folder / f"{self.name}.crl"
        path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture
def proxy(live_server, settings, tmp_path):
    """The published file, on a free port, before the live server."""
    settings.SAS_CERTIFICATE_REQUIRED = True
    settings.SAS_CERTIFICATE_CN, settings.SAS_CERTIFICATE_OU = ["sas.test"], ["318751275100020"]
    settings.ALLOWED_HOSTS = [NAME]
    ours, foreign = Authority(tmp_path, "igc"), Authority(tmp_path, "autre")
    server = tmp_path / "server.pem"
    ours.authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(server)
    shown = {
        "right": ours.signed("sas.test"),
        "other-name": ours.signed("autre.test"),
        "other-unit": ours.signed("sas.test", unit="autre"),
        "revoked": ours.signed("revoque.test"),
        "foreign": foreign.signed("sas.test"),
        "none": None,
    }
    port = free_port()
    text = (ROOT / "deploy" / "nginx-sas.conf").read_text(encoding="utf-8")
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/maillage/sas/server.pem", str(server)),
        ("/etc/maillage/sas/server.key", str(server)),
        ("/etc/maillage/sas/igc-sante.pem", str(ours.certificate)),
        ("/etc/maillage/sas/igc-sante.crl", str(ours.revoke(shown["revoked"]))),
        ("http://127.0.0.1:8000", live_server.url),
    ):
        assert old in text, old
        text = text.replace(old, new)
    conf = tmp_path / "nginx.conf"
    conf.write_text(FRAME.format(folder=tmp_path, temporary=TEMPORARY.format(folder=tmp_path), server=text))
    process = subprocess.Popen([NGINX, "-c", str(conf), "-e", str(tmp_path / "error.log")])
    yield port, ours, shown
    process.terminate()
    process.wait(10)


def call(port: int, authority: Authority, certificate: Path | None, path: str = "/fhir/sas/metadata", **headers) -> int:
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(certificate)
    for _ in range(50):
        connection = HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": NAME, **headers})
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nginx never answered")


def test_only_the_certificate_of_the_sas_is_let_through(proxy):
    port, ours, shown = proxy
    answers = {name: call(port, ours, path) for name, path in shown.items()}
    assert answers == {"right": 200, "other-name": 403, "other-unit": 403, "revoked": 400, "foreign": 400, "none": 400}


def test_a_caller_cannot_write_the_headers_of_the_proxy(proxy):
    port, ours, shown = proxy
    forged = {"X-SSL-Client-Verify": "SUCCESS", "X-SSL-Client-Subject": "CN=sas.test,OU=318751275100020"}
    assert call(port, ours, shown["other-name"], **forged) == 403


def test_nothing_else_is_served_there(proxy):
    port, ours, shown = proxy
    assert call(port, ours, shown["right"], "/compte/login/") == 404
