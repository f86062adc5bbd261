"""Application servers side by side: the search of a regulator and the call of the SAS, at 16 connections and alone.

`make bench-servers DATABASE_URL=…`, naming a database filled by slots_data. Gunicorn lives in .cache/servers.
"""

import os
import subprocess

from django.db import connection

from benchmarks import slots, slots_sql
from benchmarks.load import GRANIAN, PORT, server, wrk

CONNECTIONS = 16
GUNICORN = ("-m", "gunicorn", "--bind", f"127.0.0.1:{PORT}", "--log-level", "error")
SERVERS = {
    "granian, 2 processes of 1 thread": (*GRANIAN, "--workers", "2", "--blocking-threads", "1"),
    "granian, 2 processes of 2 threads": (*GRANIAN, "--workers", "2", "--blocking-threads", "2"),
    "granian, 2 processes of 4 threads": (*GRANIAN, "--workers", "2", "--blocking-threads", "4"),
    "granian, 4 processes of 1 thread": (*GRANIAN, "--workers", "4", "--blocking-threads", "1"),
    "gunicorn, 2 processes of 4 threads": (*GUNICORN, "--workers", "2", "--threads", "4"),
    "gunicorn, 4 processes, without keep-alive": (*GUNICORN, "--workers", "4"),
}
PATH = "/regulation/creneaux.json"


def main() -> None:
    url = os.environ["DATABASE_URL"]
    os.environ["PYTHONPATH"] = ".cache/servers"
    session = slots.sign_in()
    connection.close()
    script = slots.READING % (slots.quoted(slots_sql.queries()), PATH, session)
    sas, _ = slots.sas_call()
    print("| server | search, 16 connections | search, 1 | SAS call, 16 connections | memory |\n|---|---|---|---|---|")
    for name, command in SERVERS.items():
        with server(url, command=command) as process:
            search, alone = wrk(PATH, CONNECTIONS, script=script), wrk(PATH, 1, script=script)
            call = wrk(sas, CONNECTIONS)
            told = " | ".join(str(one) for one in (search, alone, call))
            print(f"| {name} | {told} | {memory(process.pid)} |", flush=True)


def memory(pid: int) -> str:
    """Of the server and of its processes, what they share counted for each."""
    told = subprocess.run(["ps", "-o", "rss=", "-g", str(pid)], check=True, capture_output=True, text=True).stdout
    return f"{sum(map(int, told.split())) / 1024:.0f} MiB"


if __name__ == "__main__":
    main()
