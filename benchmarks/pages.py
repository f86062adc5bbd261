"""Answers of the perimeter, against their bare SQL plus an empty page of the same shell.

The floor of an action holds the statements it cannot do without: same reads, same writes, same commit.
"""

from datetime import UTC, datetime

from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from benchmarks.measure import interleaved, row
from maillage.accounts.models import User
from maillage.geography.models import Commune, Departement
from maillage.territory.actions import found_cpts
from maillage.territory.models import Perimeter

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
BASE = "/cpts/cpts-banc/territoire/projet/"


def run() -> None:
    user, _ = User.objects.get_or_create(email="banc@exemple.invalid", given_name="Banc", family_name="Essai")
    cpts = found_cpts(name="CPTS banc", departement=Departement.objects.get(pk="24"), by=user, at=NOW)
    client = Client()
    client.force_login(user)

    empty = lambda: _good(client.get("/cpts/cpts-banc/territoire/historique/"))  # noqa: E731  # the shell, and two empty lists
    (shell,) = interleaved(empty)

    search, bare = interleaved(
        lambda: _good(client.get(f"{BASE}chercher/", {"q": "saint"})), lambda: _fetch(SEARCH, ["saint", "saint~"])
    )
    row("search a commune", search, bare + shell, "≤ 3")

    perimeter = Perimeter.objects.get(cpts=cpts)
    added, bare = interleaved(lambda: _toggle(client, perimeter), lambda: _bare_toggle(perimeter))
    row("add or remove a commune, answer included", added, bare + shell, "≤ 3")

    names = list(Commune.objects.filter(departement="24").order_by("code").values_list("name", flat=True)[:300])
    keys = [name.lower().replace("-", " ") for name in names]
    marks = ", ".join(["%s"] * len(keys))
    text = "\n".join(names)
    pasted, bare = interleaved(
        lambda: _good(client.post(f"{BASE}coller/", {"text": text})), lambda: _fetch(PASTE.format(marks=marks), keys)
    )
    row("read a pasted list of 300 communes", pasted, bare + shell, "≤ 3")


SEARCH = """
select n.*, c.code, c.name, c.population, e.name, d.name from geography_placename n
join geography_commune c on c.code = n.commune_id left join geography_epci e on e.code = c.epci_id
join geography_departement d on d.code = c.departement_id
where n.key >= %s and n.key < %s order by c.population desc limit 36
"""
PASTE = """
select n.*, c.code, c.name, c.population, c.departement_id from geography_placename n
join geography_commune c on c.code = n.commune_id where n.key in ({marks})
"""


def _good(response: HttpResponse) -> None:
    """A refusal is quick: it must never pass for an answer."""
    assert response.status_code == 200, response.status_code


def _fetch(sql: str, parameters: list[str]) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _toggle(client: Client, perimeter: Perimeter) -> None:
    perimeter.refresh_from_db(fields=["version"])
    fields = {"version": perimeter.token, "toggle": "24037"}
    _good(client.post(f"{BASE}modifier/", fields, headers={"HX-Request": "true"}))


def _bare_toggle(perimeter: Perimeter) -> None:
    """Claim the version, read and write the part, its change and its trace; commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update territory_perimeter set version = version + 1 where id = %s", [perimeter.pk])
        cursor.execute("delete from territory_perimeterpart where perimeter_id = %s", [perimeter.pk])
        cursor.execute(
            "insert into territory_perimeterpart (cpts_id, perimeter_id, commune_id, share, share_source) "
            "values (%s, %s, '24037', 1, '')",
            [perimeter.cpts_id, perimeter.pk],
        )
        cursor.execute("select count(*) from territory_perimeterchange")
        cursor.fetchall()
