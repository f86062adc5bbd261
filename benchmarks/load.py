"""The two ways to load what is measured: wrk on the application server, pgbench on its database, same machine."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

PORT = 8093
SECRET = "b" * 60
GRANIAN = ("-m", "granian", "--interface", "wsgi", "--no-access-log", "--log-level", "warning", "--port", f"{PORT}")
OURS = (*GRANIAN, "--workers", "2", "--blocking-threads", "2")  # as production runs it
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "127.0.0.1",
    "EMAIL_URL": "smtp://localhost",
    "SECURE_SSL_REDIRECT": "0",
    "SAS_CERTIFICATE_REQUIRED": "0",
    "LOG_LEVEL": "ERROR",
}


@dataclass(frozen=True)
class Load:
    """Requests or transactions a second, milliseconds of the median and of one in a hundred, answers not 2xx."""

    rate: float
    p50: float
    p99: float
    wrong: int = 0

    def __str__(self) -> str:
        wrong = f", {self.wrong} refused" if self.wrong else ""
        return f"{self.rate:.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.0f} ms{wrong}"


@contextmanager
def server(url: str, *, command: tuple[str, ...] = OURS) -> Iterator[subprocess.Popen[bytes]]:
    """An application server on one database, with the settings of production."""
    with TemporaryDirectory() as folder:
        settings = {**os.environ, **PRODUCTION, "DATABASE_URL": url, "STATIC_ROOT": folder}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(collect, env=settings, check=True)
        process = subprocess.Popen(
            [sys.executable, *command, "config.wsgi:application"], env=settings, start_new_session=True
        )
        time.sleep(7)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def wrk(path: str, connections: int, seconds: int = 8, script: str = "", *, warm: int = 3) -> Load:
    """`script`: Lua that makes the requests. `warm`: seconds that do not count, in which a process loads its pages."""
    with TemporaryDirectory() as folder:
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{PORT}{path}"]
        if script:
            Path(folder, "requests.lua").write_text(script)
            command[1:1] = ["-s", f"{folder}/requests.lua"]
        if warm:
            subprocess.run(
                [part.replace(f"-d{seconds}s", f"-d{warm}s") for part in command], check=True, stdout=subprocess.DEVNULL
            )
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    rate = re.search(r"Requests/sec:\s+(\S+)", told)
    assert rate, told
    return Load(float(rate[1]), _milliseconds(told, "50"), _milliseconds(told, "99"), int(wrong[1]) if wrong else 0)


def paced(requests: Sequence[str], rate: float, session: str, seconds: int = 8, clients: int = 32) -> Load:
    """At a steady pace, whatever the answers take: a time is counted from when its request was due."""
    local, times, wrong = threading.local(), [], []
    headers = {"Cookie": f"__Host-session={session}", "X-Forwarded-Proto": "https"}
    begun = time.perf_counter() + 0.5

    def ask(number: int) -> None:
        due = begun + number / rate
        time.sleep(max(due - time.perf_counter(), 0))
        if not hasattr(local, "wire"):
            local.wire = HTTPConnection("127.0.0.1", PORT)
        local.wire.request("GET", requests[number % len(requests)], headers=headers)
        answer = local.wire.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - due))
        if answer.status >= 300:
            wrong.append(answer.status)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(int(rate * seconds))))
    times.sort()
    return Load(len(times) / seconds, times[len(times) // 2], times[int(0.99 * len(times))], len(wrong))


def _milliseconds(told: str, share: str) -> float:
    found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told)
    assert found, told
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def pgbench(url: str, script: str, clients: int, seconds: int = 8) -> Load:
    """Prepared statements, two threads; each transaction logged, for its percentiles."""
    with TemporaryDirectory() as folder:
        Path(folder, "script.sql").write_text(script)
        command = [
            "pgbench",
            "-n",
            "-f",
            "script.sql",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(seconds),
            "-M",
            "prepared",
            "-l",
            url,
        ]
        told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout
        logs = [line.split()[2] for path in Path(folder).glob("pgbench_log*") for line in path.read_text().splitlines()]
    times = sorted(int(one) / 1000 for one in logs)
    rate = re.search(r"tps = ([\d.]+)", told)
    assert rate, told
    return Load(float(rate[1]), times[len(times) // 2], times[int(0.99 * len(times))])


@contextmanager
def copied(url: str, name: str) -> Iterator[str]:
    """A copy of a database, of its own: what is written in it is fresh, and goes with it."""
    parts = urlsplit(url)
    admin = urlunsplit(parts._replace(path="/postgres"))

    def run(sql: str) -> None:
        subprocess.run(["psql", "-q", "-d", admin, "-c", sql], check=True)

    run(f"DROP DATABASE IF EXISTS {name}")
    run(f"CREATE DATABASE {name} TEMPLATE {parts.path[1:]}")
    made = urlunsplit(parts._replace(path=f"/{name}"))
    subprocess.run(["psql", "-q", "-d", made, "-c", "VACUUM ANALYZE"], check=True)
    try:
        yield made
    finally:
        run(f"DROP DATABASE {name} WITH (FORCE)")
