"""What somebody holds who copied the files of the database: raw bytes, dead rows, transaction numbers, the log."""

import struct
import subprocess
from pathlib import Path

from django.db import connection

PAGE, WAL_PAGE, SEGMENT = 8192, 8192, 16 * 2**20


def ask(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def is_postgresql():
    return connection.vendor == "postgresql"


def bytes_of(path):
    """A file of SQLite, read by another process. To close it here would drop the locks of this process on it (POSIX):
    a worker that ends would then take itself for the last one and delete the log under our connection.
    """
    return subprocess.run(["cat", str(path)], check=True, capture_output=True).stdout  # noqa: S607


def sqlite_files():
    """The database and its log."""
    path = Path(connection.settings_dict["NAME"])
    return [one for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()]


def data_files():
    """Path -> bytes of every file of the database, once it is all written down; the log of SQLite among them."""
    if not is_postgresql():
        return {str(path): bytes_of(path) for path in sqlite_files()}
    ask("CHECKPOINT")
    ((folder,),) = ask("SELECT 'base/' || oid FROM pg_database WHERE datname = current_database()")
    names = [f"{folder}/{name}" for (name,) in ask(f"SELECT pg_ls_dir('{folder}')")]
    read = "SELECT pg_read_binary_file(%s, 0, 1000000000, true)"
    return {name: bytes(ask(read, name)[0][0] or b"") for name in names}


def wal_position():
    """Where the log of PostgreSQL stands, kept from there on while this connection lives; None on SQLite."""
    if not is_postgresql():
        return None
    ask(
        "SELECT pg_create_physical_replication_slot('ballots_' || pg_backend_pid(), true, true) WHERE NOT EXISTS "
        "(SELECT FROM pg_replication_slots WHERE slot_name = 'ballots_' || pg_backend_pid())"
    )
    return ask("SELECT pg_current_wal_insert_lsn()::text")[0][0]


def wal_since(start):
    """What PostgreSQL wrote to its log since then, page headers taken out so that a record stays in one piece."""
    if not is_postgresql():
        return b""
    ask("CHECKPOINT")  # writes down what was voted: beyond what is flushed, a segment holds what it held before
    ((first, last),) = ask("SELECT %s::pg_lsn - '0/0', pg_current_wal_flush_lsn() - '0/0'", start)
    first, last, whole = int(first), int(last), bytearray()
    for number in range(first // SEGMENT, last // SEGMENT + 1):
        ((name,),) = ask("SELECT pg_walfile_name('0/0'::pg_lsn + %s::numeric)", number * SEGMENT + 1)
        content = bytes(ask("SELECT pg_read_binary_file(%s)", f"pg_wal/{name}")[0][0])
        for place in range(0, len(content), WAL_PAGE):
            begun = number * SEGMENT + place
            after_header = place + (24 if place else 40)
            whole += content[max(after_header, first - begun + place) : place + min(WAL_PAGE, max(0, last - begun))]
    return bytes(whole)


def heap_rows(content):
    """(xmin, bytes) of the rows of one PostgreSQL file, dead ones included: every line pointer that leads to bytes."""
    for start in range(0, len(content) - PAGE + 1, PAGE):
        page = content[start : start + PAGE]
        lower, upper = struct.unpack_from("<HH", page, 12)
        if not 24 <= lower <= upper <= PAGE:
            continue
        for place in range(24, lower, 4):
            (pointer,) = struct.unpack_from("<I", page, place)
            offset, flags, length = pointer & 0x7FFF, pointer >> 15 & 3, pointer >> 17
            if flags == 1 and length >= 24 and offset + length <= PAGE:
                yield struct.unpack_from("<I", page, offset)[0], page[offset : offset + length]


def told_by_transactions(choices):
    """Voter -> what rows written in the transaction of their signature say, on PostgreSQL."""
    rows = [row for content in data_files().values() for row in heap_rows(content)]
    told = {}
    for xmin, voter in ask("SELECT xmin::text, voter_id FROM meetings_signature"):
        beside = b"".join(row for number, row in rows if number == int(xmin))
        said = {choice for choice in choices if choice.encode() in beside}
        if len(said) == 1:
            told[voter] = said.pop()
    return told


def told_by_order(column):
    """Voter -> what the slip lying at the same place in its table says, if they are as many."""
    voters = [voter for (voter,) in ask(f"SELECT voter_id FROM meetings_signature ORDER BY {column}")]  # noqa: S608
    slips = [choice for (choice,) in ask(f"SELECT choice FROM meetings_slip ORDER BY {column}")]  # noqa: S608
    return dict(zip(voters, slips, strict=False))


def attack(choices):
    """Every way of joining signatures and slips that a copy of the files gives: voter -> choice, for each way."""
    if is_postgresql():
        return {"xmin": told_by_transactions(choices), "ctid": told_by_order("ctid")}
    return {"rowid": told_by_order("rowid")}
