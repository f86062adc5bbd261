"""Slots in number: search, booking and the SAS call over HTTP, against the same SQL in pgbench and a named peer.

`make bench-slots DATABASE_URL=postgres://… SLOTS=5000000`: the database named is EMPTIED and filled (slots_data),
unless KEEP=1. What writes works on copies of it. Nothing here is part of `make bench` nor of CI.
"""

import argparse
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from urllib.parse import quote, urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ.setdefault("SECRET_KEY", "b" * 60)  # sessions made here are those of the server

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import slots_data, slots_sql  # noqa: E402
from benchmarks.load import PORT, Load, copied, paced, pgbench, server, wrk  # noqa: E402
from maillage.accounts.models import AccountKind, User  # noqa: E402
from maillage.accounts.sessions import SessionStore  # noqa: E402
from maillage.sas.fhir.resources import fhir_instant  # noqa: E402
from maillage.sas.models import Regulator  # noqa: E402
from maillage.unscheduled_care.models import Slot  # noqa: E402

CONNECTIONS = 16
SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
BACKEND = "maillage.accounts.backends.IdentityBackend"
TOKEN = "a" * 32
READING = """
local needs, n = {%s}, 7
request = function()
  n = (n * 7919 + 13) %% #needs
  return wrk.format("GET", "%s?" .. needs[n + 1], {["Cookie"] = "__Host-session=%s", ["X-Forwarded-Proto"] = "https"})
end
"""
BOOKING = """
local slots, n = {%s}, 0
local headers = {["Cookie"] = "__Host-session=%s; __Host-csrf=%s", ["X-CSRFToken"] = "%s",
  ["X-Forwarded-Proto"] = "https", ["Origin"] = "https://127.0.0.1:%d",
  ["Content-Type"] = "application/x-www-form-urlencoded"}
request = function()
  n = n + 1
  return wrk.format("POST", "/regulation/reserver/" .. slots[n] .. "/", headers, "query=%s")
end
"""

# A search, then a booking of one of its first five slots; what was found waits its turn, whatever the connection.
JOURNEY = """
local needs, n, found = {%s}, 7, {}
local cookie = {["Cookie"] = "__Host-session=%s; __Host-csrf=%s", ["X-CSRFToken"] = "%s",
  ["X-Forwarded-Proto"] = "https", ["Origin"] = "https://127.0.0.1:%d",
  ["Content-Type"] = "application/x-www-form-urlencoded"}
request = function()
  if #found > 0 then
    return wrk.format("POST", "/regulation/reserver/" .. table.remove(found) .. "/", cookie, "query=")
  end
  n = (n * 7919 + 13) %% #needs
  return wrk.format("GET", "/regulation/creneaux.json?" .. needs[n + 1], cookie)
end
response = function(status, headers, body)
  local some = {}
  for uuid in body:gmatch('"uuid":"([0-9a-f-]+)"') do
    if #some < 5 then some[#some + 1] = uuid end
  end
  if #some > 0 then found[#found + 1] = some[math.random(#some)] end
end
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=5_000_000)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    if not asked.keep:
        slots_data.fill(slots=asked.slots, people=60_000)
    url = os.environ["DATABASE_URL"]
    session = sign_in()
    connection.close()
    print("| what, at 16 connections | measured | floor | part of the floor | goal |\n|---|---|---|---|---|")
    for name, measure in MEASURES.items():
        if asked.only in name:
            measure(url, session)


def sign_in() -> str:
    """The session of a regulator who came through the SAS."""
    at = timezone.now()
    user, _ = User.objects.get_or_create(
        kind=AccountKind.EXTERNAL, family_name="Banc", defaults={"password": "!", "identifier": "regulator:banc"}
    )
    fields = {"given_name": "Zoé", "family_name": "Loret", "terms_accepted_at": at, "created_at": at, "updated_at": at}
    regulator, _ = Regulator.objects.update_or_create(email="z@sas.test", defaults=fields)
    regulator.identifiers.get_or_create(system=SYSTEM, value="banc")
    Regulator.objects.filter(pk=regulator.pk).update(account=user)
    store = SessionStore()
    store.update(
        {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: BACKEND,
            HASH_SESSION_KEY: user.get_session_auth_hash(),
            "through_sas": str(regulator.uuid),
            "through_sas_number": "banc",
        }
    )
    store.save()
    return str(store.session_key)


def told(what: str, mine: Load, floor: Load | None, goal: str) -> None:
    part = f"1/{floor.rate / mine.rate:.1f}" if floor else "–"
    print(f"| {what} | {mine} | {floor or '–'} | {part} | {goal} |", flush=True)


def measure_search(url: str, session: str) -> None:
    """As JSON, and as the page of the regulation, against the statement that both begin with."""
    for path, what, goal in (
        ("/regulation/creneaux.json", "search, as JSON", "≥ 1/3"),
        ("/regulation/", "search, the page", "≥ 1/8"),
    ):
        script = READING % (quoted(slots_sql.queries()), path, session)
        with server(url):
            mine = wrk(path, CONNECTIONS, script=script)
            alone = wrk(path, 1, script=script)
        told(what, mine, pgbench(url, slots_sql.search(100), CONNECTIONS), goal)
        told(f"{what}, 1 connection", alone, pgbench(url, slots_sql.search(100), 1), "–")


def measure_nothing(url: str, session: str) -> None:
    """A signed-in regulator who asks nothing: what any answer costs here before it does anything."""
    with server(url):
        mine = wrk(
            "/regulation/creneaux.json", CONNECTIONS, script=READING % ('""', "/regulation/creneaux.json", session)
        )
    told("nothing asked, rights checked", mine, None, "–")


def measure_booking(url: str, session: str) -> None:
    """A regulator books: access control, slot, appointment, trace, message, job; against a script of the same rows."""
    with copied(url, "bench_copy") as fresh:
        script = BOOKING % (quoted(free_slots(200_000)), session, TOKEN, TOKEN, PORT, "")
        with server(fresh):
            wrk("/regulation/", CONNECTIONS, warm=3, seconds=1)
            mine = wrk("/", CONNECTIONS, script=script, warm=0)
        rows = slots_sql.rows_of_a_booking(fresh)
    with copied(url, "bench_copy") as fresh:
        told("booking", mine, pgbench(fresh, slots_sql.booking(fresh, rows), CONNECTIONS), "≥ 1/2")


def measure_journey(url: str, session: str) -> None:
    """A search then a booking, counted by what was booked; against the two statements of the floors."""
    with copied(url, "bench_copy") as fresh:
        script = JOURNEY % (quoted(slots_sql.queries()), session, TOKEN, TOKEN, PORT)
        with server(fresh):
            wrk("/regulation/", CONNECTIONS, warm=3, seconds=1)
            before = slots_sql.booked(fresh)
            mine = wrk("/", CONNECTIONS, script=script, warm=0)
            rate = (slots_sql.booked(fresh) - before) / 8
        rows = slots_sql.rows_of_a_booking(fresh)
    with copied(url, "bench_copy") as fresh:
        floor = pgbench(fresh, slots_sql.journey(rows), CONNECTIONS)
    told("journey: search, then book", replace(mine, rate=rate), floor, "≥ 1/1.7")


def measure_saturation(url: str, session: str) -> None:
    """The most that is served, whatever the connections; and how long one in a hundred waits at half of that pace."""
    sas, _ = sas_call()
    asked = slots_sql.queries()
    pages = {
        "search, as JSON": [f"/regulation/creneaux.json?{one}" for one in asked],
        "search, the page": [f"/regulation/?{one}" for one in asked],
        "SAS call": [sas],
    }
    for what, paths in pages.items():
        script = READING % (quoted(asked), paths[0].split("?", 1)[0], session) if len(paths) > 1 else ""
        with server(url):
            most = max((wrk(sas, many, script=script) for many in (4, 16, 64)), key=attrgetter("rate"))
            half = paced(paths, most.rate / 2, session)
        told(f"{what}: saturation", most, None, "–")
        told(f"{what}: half of it, paced", half, None, "–")


def measure_sas(url: str, session: str) -> None:
    """One call of 25 professionals over 72 h, and a named peer on the same rows."""
    path, numbers = sas_call()
    with server(url):
        loads = {connections: wrk(path, connections) for connections in (1, 8, CONNECTIONS)}
    for connections, load in loads.items():
        told(f"SAS call, 25 professionals, {connections} connections", load, None, "p99 < 50 ms at 16")
    peer = Path(".cache/peer-fhir/bin/uvicorn")
    if peer.exists():
        command = [peer.absolute(), "--port", str(PORT), "--workers", "2", "--log-level", "error", "peer_fhir:app"]
        process = subprocess.Popen(command, cwd="benchmarks", env={**os.environ, "DATABASE_URL": url})
        try:
            subprocess.run(["sleep", "12"], check=True)
            theirs = wrk(f"/Slot?schedule={','.join(numbers)}", 8)
        finally:
            process.terminate()
            process.wait()
        times = loads[8].rate / theirs.rate
        print(f"| the same by fhirstarter, 8 connections | {theirs} | – | ours {times:.0f} times | ≥ 15 |", flush=True)


def sas_call() -> tuple[str, list[str]]:
    """Professionals who have a few free slots, as many entries as a call of the SAS brings."""
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner.national_id FROM unscheduled_care_slot AS slot JOIN unscheduled_care_effector AS owner ON "
            "owner.id = slot.effector_id "
            "WHERE slot.status = 'free' AND starts_at BETWEEN now() AND now() + interval '72 h' "
            "GROUP BY 1 HAVING count(*) BETWEEN 2 AND 6 ORDER BY 1 LIMIT 25"
        )
        numbers = [str(one) for (one,) in cursor.fetchall()]
    pairs = [
        ("_include", "Slot:schedule"),
        ("_include:iterate", "Schedule:actor"),
        ("schedule.actor:Practitioner.identifier", ",".join(f"{SYSTEM}|{one}" for one in numbers)),
        ("start", f"ge{fhir_instant(at)}"),
        ("start", f"le{fhir_instant(at + timedelta(hours=72))}"),
        ("status", "free"),
    ]
    return f"/fhir/sas/Slot?{urlencode(pairs, quote_via=quote)}", numbers


def free_slots(count: int) -> list[str]:
    after = timezone.now() + timedelta(hours=2)
    rows = Slot.objects.open().filter(starts_at__gt=after).order_by("uuid").values_list("uuid", flat=True)[:count]
    found = [str(one) for one in rows]
    connection.close()
    return found


def quoted(values: list[str]) -> str:
    """As a Lua table holds them."""
    return ", ".join(f'"{one}"' for one in values)


MEASURES = {
    "nothing": measure_nothing,
    "search": measure_search,
    "booking": measure_booking,
    "journey": measure_journey,
    "saturation": measure_saturation,
    "sas": measure_sas,
}

if __name__ == "__main__":
    main()
