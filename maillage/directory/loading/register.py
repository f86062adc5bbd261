"""From staged rows to the directory, as a difference, inside the caller's transaction.

People and exercises that a file no longer holds are not deleted: they carry the day they vanished, which is what
the history of a territory is made of. SQL, because two million rows do not go through instances; the same for
both engines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import IntegrityError, connection, transaction

from maillage.core.loading.difference import (
    Move,
    comparing_all,
    insert_all,
    insert_new,
    keep_first,
    make_indexes,
    make_unique_indexes,
    rows,
    run,
    scalar,
    update_changed,
)
from maillage.core.loading.staging import Staging
from maillage.directory.models import Mailbox, Organization, Practitioner, PractitionerRole
from maillage.directory.rules.professions import group_of
from maillage.directory.rules.register import OTHER_IDENTITY, UNKNOWN, Tell

PERSON_FIELDS = ("title", "family_name", "given_name", "search_name", "fingerprint")
ORGANIZATION_FIELDS = (
    "name",
    "search_name",
    "finess",
    "siret",
    "complement",
    "street",
    "postal_code",
    "city",
    "commune",
    "phone",
    "phone_2",
    "email",
    "sector",
)
ROLE_FIELDS = (
    "practitioner",
    "profession",
    "group",
    "category",
    "mode",
    "specialities",
    "organization",
    "commune",
    "is_substitute",
)
REGISTER_TABLES: Mapping[str, Mapping[str, str]] = {
    "seen": {"id": "bigint", "fingerprint": "bigint", "line": "integer", "lines": "integer"},
    "person": {
        "id": "bigint",
        "title": "text",
        "family_name": "text",
        "given_name": "text",
        "search_name": "text",
        "fingerprint": "bigint",
        "line": "integer",
    },
    "organization": {"id": "text"}
    | {f"{name}_id" if name == "commune" else name: "text" for name in ORGANIZATION_FIELDS}
    | {"line": "integer"},
    "role": {
        "id": "bigint",
        "practitioner_id": "bigint",
        "profession": "text",
        '"group"': "text",
        "category": "text",
        "mode": "text",
        "specialities": "text",
        "organization_id": "text",
        "commune_id": "text",
        "is_substitute": "boolean",
        "line": "integer",
    },
}
NO_CATEGORY = (("category", "''"), ("category_label", "''"))  # FINESS tells it
LOADED_IN_BULK = (Organization, Practitioner, PractitionerRole)


@dataclass(frozen=True)
class Scope:
    """What a file speaks of: all of France, or some départements; and what was known before it."""

    on: date
    departements: frozenset[str] = frozenset()
    known: frozenset[str] | None = None  # None: nothing was ever loaded; empty: all of France was

    def covers(self, column: str) -> str:
        """SQL: a commune of this scope. Codes were checked against the departments of the instance."""
        if not self.departements:
            return "1 = 1"
        codes = ", ".join(f"'{code}'" for code in sorted(self.departements))
        return f"({DEPARTEMENT_OF.format(column=column)}) IN ({codes})"

    def since(self, column: str) -> tuple[str, list[object]]:
        """SQL: the day of arrival; unknown for what is seen for the first time because nothing was loaded before."""
        if self.known is None:
            return "NULL", []
        day = "CAST(%s AS date)" if connection.vendor == "postgresql" else "%s"
        if not self.known:
            return day, [self.on]
        codes = ", ".join(f"'{code}'" for code in sorted(self.known))
        return f"CASE WHEN ({DEPARTEMENT_OF.format(column=column)}) IN ({codes}) THEN {day} END", [self.on]


DEPARTEMENT_OF = "substr({column}, 1, CASE WHEN substr({column}, 1, 2) IN ('97', '98') THEN 3 ELSE 2 END)"


@dataclass
class Moved:
    """What one loading changed."""

    arrivals: int = 0
    departures: int = 0
    people_changed: int = 0
    roles_new: int = 0
    roles_ended: int = 0
    roles_changed: int = 0
    moves: int = 0
    organizations_new: int = 0
    organizations_changed: int = 0


def changed_lines(stage: Staging, limit: int) -> list[int] | None:
    """Lines, in order, of people whose fingerprint is not the stored one, and those that tell nobody.

    One whose lines lie apart is read each time, unless each part is the whole. None when more than `limit` changed.
    """
    stage.analyze()
    seen = stage.name("seen")
    changed = (
        f"SELECT s.id FROM {seen} s LEFT JOIN directory_practitioner p "  # noqa: S608
        "ON p.id = s.id AND p.fingerprint = s.fingerprint AND p.until IS NULL WHERE p.id IS NULL LIMIT %s"
    )
    with comparing_all():
        blocks = rows(
            f"WITH changed AS ({changed}) SELECT line, lines FROM {seen} "  # noqa: S608
            "WHERE id IS NULL OR id IN (SELECT id FROM changed WHERE id IS NOT NULL) ORDER BY line",
            [limit + 1],
        )
    return None if len(blocks) > limit else [line for first, lines in blocks for line in range(first, first + lines)]


def move_register(stage: Staging, scope: Scope, tell: Tell, *, by_fingerprint: bool) -> Moved:
    """Make the directory what the staged file says, within its scope. Writes only what changed.

    `by_fingerprint`: only people whose lines changed are staged in full; `seen` says who else is still there.
    """
    organization = Move(Organization, stage.name("organization"), "id", ORGANIZATION_FIELDS)
    person = Move(Practitioner, stage.name("person"), "id", PERSON_FIELDS)
    role = Move(PractitionerRole, stage.name("role"), "id", ROLE_FIELDS)
    is_empty = not Practitioner.objects.exists() and not Organization.objects.exists()
    if not is_empty or not _fill_empty(scope, organization, person, role):
        stage.analyze()
        return _move_difference(stage, scope, (organization, person, role), tell, by_fingerprint=by_fingerprint)
    return Moved(
        arrivals=stage.counts["person"],
        roles_new=stage.counts["role"],
        organizations_new=Organization.objects.filter(category="").count(),
    )


def _fill_empty(scope: Scope, organization: Move, person: Move, role: Move) -> bool:
    """The first loading, without looking for duplicates: False, and nothing written, when the file holds some."""
    try:
        with transaction.atomic():
            keep_first(organization)
            insert_all(organization, extra=NO_CATEGORY)
            since, parameters = scope.since("s.commune_id")
            insert_all(person, extra=[("since", "NULL")])
            insert_all(role, extra=[("since", since)], parameters=parameters)
            make_unique_indexes(LOADED_IN_BULK)  # what refuses a duplicate; the others can wait
    except IntegrityError:
        return False
    return True


def _move_difference(
    stage: Staging, scope: Scope, moves: tuple[Move, Move, Move], tell: Tell, *, by_fingerprint: bool
) -> Moved:
    organization, person, role = moves
    moved = Moved()
    _merge_people(person, role, tell)
    _merge_roles(role)
    moved.organizations_new = _insert_organizations(organization)
    # What FINESS says of an establishment wins over what its people declare.
    moved.organizations_changed = update_changed(organization, only="t.category = ''")
    since, parameters = scope.since("NULL") if not scope.departements else ("NULL", [])
    moved.arrivals = insert_new(person, extra=[("since", since)], parameters=parameters)
    since, parameters = scope.since("s.commune_id")
    moved.roles_new = insert_new(role, extra=[("since", since)], parameters=parameters)
    make_indexes(LOADED_IN_BULK)
    moved.people_changed = update_changed(person)
    moved.roles_changed = update_changed(role)
    moved.roles_new += _bring_back(role, scope.on)
    moved.arrivals += _bring_back(person, scope.on)
    _end(stage, scope, moved, by_fingerprint=by_fingerprint)
    return moved


def _insert_organizations(move: Move) -> int:
    keep_first(move)
    return insert_new(move, extra=NO_CATEGORY)


def _bring_back(move: Move, on: date) -> int:
    """What vanished and is there again."""
    return run(
        f"UPDATE {move.target} AS t SET until = NULL, since = %s FROM {move.staged} s "  # noqa: S608
        f"WHERE t.id = s.id AND t.until IS NOT NULL",
        [on],
    )


def _end(stage: Staging, scope: Scope, moved: Moved, *, by_fingerprint: bool) -> None:
    """Date what is no longer there."""
    seen, roles = stage.name("seen" if by_fingerprint else "person"), stage.name("role")
    absent = f"NOT EXISTS (SELECT 1 FROM {seen} s WHERE s.id = p.id)"  # noqa: S608
    if not scope.departements:
        moved.departures = run(
            f"UPDATE directory_practitioner AS p SET until = %s WHERE until IS NULL AND {absent}",  # noqa: S608
            [scope.on],
        )
    gone = f"NOT EXISTS (SELECT 1 FROM {roles} s WHERE s.id = r.id)"  # noqa: S608
    if by_fingerprint:
        whose = (
            f"(r.practitioner_id IN (SELECT id FROM {stage.name('person')}) AND {gone}) OR "  # noqa: S608
            "r.practitioner_id IN (SELECT id FROM directory_practitioner WHERE until IS NOT NULL)"
        )
    else:
        whose = f"{scope.covers('r.commune_id')} AND {gone}"
    moved.roles_ended = run(
        f"UPDATE directory_practitionerrole AS r SET until = %s WHERE until IS NULL AND ({whose})",  # noqa: S608
        [scope.on],
    )
    if scope.departements and moved.roles_ended:
        moved.departures = run(
            "UPDATE directory_practitioner AS p SET until = %s WHERE until IS NULL AND id IN "
            "(SELECT practitioner_id FROM directory_practitionerrole WHERE until = %s) AND NOT EXISTS "
            "(SELECT 1 FROM directory_practitionerrole r WHERE r.practitioner_id = p.id AND r.until IS NULL)",
            [scope.on, scope.on],
        )
    if moved.roles_ended and moved.roles_new:
        moved.moves = scalar(
            "SELECT count(DISTINCT gone.practitioner_id) FROM directory_practitionerrole gone "
            "JOIN directory_practitionerrole new ON new.practitioner_id = gone.practitioner_id "
            "AND new.until IS NULL AND new.since = %s AND new.commune_id <> gone.commune_id WHERE gone.until = %s",
            [scope.on, scope.on],
        )


def _duplicates(move: Move, columns: str) -> list[tuple[Any, ...]]:
    return rows(
        f"SELECT id, {columns} FROM {move.staged} WHERE id IN "  # noqa: S608
        f"(SELECT id FROM {move.staged} GROUP BY id HAVING count(*) > 1) ORDER BY id, line"
    )


def _merge_people(person: Move, role: Move, tell: Tell) -> None:
    """Lines of one person found apart are one person; another identity under the same number is refused."""
    duplicates = _duplicates(person, "line, family_name, given_name, fingerprint")
    for key, group in groupby(duplicates, key=itemgetter(0)):
        blocks = list(group)
        identity = blocks[0][2:4]
        digests = [block[4] for block in blocks if block[2:4] == identity]
        fingerprint = UNKNOWN if UNKNOWN in digests else sum(digests)
        run(
            f"UPDATE {person.staged} SET fingerprint = %s WHERE id = %s AND line = %s",  # noqa: S608
            [fingerprint, key, blocks[0][1]],
        )
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block[2:4] != identity:
                tell(block[1], str(key), OTHER_IDENTITY)
                last = following[1] if following else 2**31 - 1
                run(
                    f"DELETE FROM {role.staged} WHERE practitioner_id = %s AND line >= %s AND line < %s",  # noqa: S608
                    [key, block[1], last],
                )
    if duplicates:
        keep_first(person)


def _merge_roles(role: Move) -> None:
    """Lines of one exercise found apart are one exercise, with all its savoir-faire, as if they lay together."""
    duplicates = _duplicates(role, "line, specialities, profession, commune_id, is_substitute")
    for key, group in groupby(duplicates, key=itemgetter(0)):
        lines = list(group)
        specialities = sorted({code for line in lines for code in line[2].split()})
        commune = next((line[4] for line in lines if line[4]), None)
        run(
            f'UPDATE {role.staged} SET specialities = %s, "group" = %s, commune_id = %s, is_substitute = %s '  # noqa: S608
            "WHERE id = %s AND line = %s",
            [
                " ".join(specialities)[:80],
                group_of(lines[0][3], specialities),
                commune,
                all(line[5] for line in lines),
                key,
                lines[0][1],
            ],
        )
    if duplicates:
        keep_first(role)


ESTABLISHMENT_FIELDS = (
    "name",
    "search_name",
    "finess",
    "siret",
    "complement",
    "street",
    "postal_code",
    "city",
    "commune",
    "phone",
    "category",
    "category_label",
    "opened_on",
    "closed_on",
)
ESTABLISHMENT_TABLES: Mapping[str, Mapping[str, str]] = {
    "establishment": {"id": "text"}
    | {
        f"{name}_id" if name == "commune" else name: "date" if name.endswith("_on") else "text"
        for name in ESTABLISHMENT_FIELDS
    }
    | {"line": "integer"}
}
MAILBOX_FIELDS = ("address", "is_personal", "practitioner", "organization", "service", "is_paperless")
MAILBOX_TABLES: Mapping[str, Mapping[str, str]] = {
    "mailbox": {
        "id": "bigint",
        "address": "text",
        "is_personal": "boolean",
        "practitioner_id": "bigint",
        "organization_id": "text",
        "service": "text",
        "is_paperless": "boolean",
        "line": "integer",
    }
}


@dataclass(frozen=True)
class Difference:
    """What a simple file changed."""

    added: int
    changed: int
    removed: int


def move_establishments(stage: Staging, on: date, whole: frozenset[str], tell: Tell) -> Difference:
    """Establishments of the file, new or changed; those of the départements it tells wholly, and lacks, are closed."""
    stage.analyze()
    move = Move(Organization, stage.name("establishment"), "id", ESTABLISHMENT_FIELDS)
    for finess, line in rows(
        f"SELECT finess, max(line) FROM {move.staged} GROUP BY finess HAVING count(*) > 1"  # noqa: S608
    ):
        tell(int(line), str(finess), "numéro FINESS en double")
    keep_first(move)
    empty = [(name, "''") for name in ("phone_2", "email", "sector")]
    added, changed = insert_new(move, extra=empty), update_changed(move)
    departement = DEPARTEMENT_OF.format(column="commune_id")
    told_wholly = ", ".join(f"'{code}'" for code in sorted(whole)) or "''"
    closed = run(
        f"UPDATE directory_organization AS t SET closed_on = %s WHERE category <> '' AND closed_on IS NULL "  # noqa: S608
        f"AND ({departement}) IN ({told_wholly}) "
        f"AND NOT EXISTS (SELECT 1 FROM {move.staged} s WHERE s.id = t.id)",
        [on],
    )
    return Difference(added, changed, closed)


def move_mailboxes(stage: Staging) -> tuple[Difference, int]:
    """Make the mailboxes those of the file. Those of nobody in the directory are left out, and counted."""
    stage.analyze()
    move = Move(Mailbox, stage.name("mailbox"), "id", MAILBOX_FIELDS)
    strangers = run(
        f"DELETE FROM {move.staged} WHERE NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM directory_practitioner p WHERE p.id = practitioner_id) AND NOT EXISTS "
        f"(SELECT 1 FROM directory_organization o WHERE o.id = organization_id)"
    )
    keep_first(move)
    added, changed = insert_new(move), update_changed(move)
    removed = run(
        f"DELETE FROM directory_mailbox AS t WHERE NOT EXISTS (SELECT 1 FROM {move.staged} s WHERE s.id = t.id)"  # noqa: S608
    )
    return Difference(added, changed, removed), strangers


def follow_merges() -> int:
    """Put people and structures of communes that merged since in the commune of today. Returns how many moved."""
    merged = "SELECT code FROM geography_commune WHERE merged_into_id IS NOT NULL"
    return sum(
        run(
            f"UPDATE {table} SET commune_id = "  # noqa: S608  # names of ours
            f"(SELECT c.merged_into_id FROM geography_commune c WHERE c.code = {table}.commune_id) "
            f"WHERE commune_id IN ({merged})"
        )
        for table in ("directory_practitionerrole", "directory_organization")
    )
