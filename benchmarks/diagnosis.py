"""The diagnosis of perimeters of any size, against its aggregated SQL; and its printed document."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from django.db import connection
from django.test import Client

from benchmarks.measure import interleaved, row
from maillage.accounts.models import User
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune, Departement
from maillage.geography.queries import communes_of_epci
from maillage.territorial_diagnosis.documents.content import content_of
from maillage.territorial_diagnosis.documents.printed import diagnosis_pdf
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.queries.figures import area_of, definitions_of, diagnosis_of
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.rules.catalogue import Kind, definitions
from maillage.territory.actions import found_cpts
from maillage.territory.models import Perimeter, PerimeterPart

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
SIZES = (1, 38, 503, 5_000, 34_969)


def run() -> None:
    places = Gazetteer.read()
    _fill(places)
    user, _ = User.objects.get_or_create(email="banc@exemple.invalid", given_name="Banc", family_name="Essai")
    bergerac = communes_of_epci("200070647")
    everything = sorted(code for code in places.populations if code not in places.parents)
    for size in SIZES:
        codes = bergerac[:size] if size <= 38 else everything[:size]
        cpts = _cpts(f"CPTS banc de {size} communes", codes, user)
        mine, bare = interleaved(lambda cpts=cpts: _read(cpts), lambda cpts=cpts: _aggregated(cpts), rounds=7)
        row(f"diagnosis of {len(codes)} communes, every indicator", mine, bare, "≤ 2")
        if size == 38:
            _document(cpts, user)


def _fill(places: Gazetteer) -> None:
    """Every indicator of the catalogue on every commune."""
    rng = np.random.default_rng(24)
    everywhere = frozenset(places.regions)
    for code, one in definitions().items():
        draws = rng.random(len(places.populations))
        rows = {
            place: (float(people * draw), None if one.kind == Kind.COUNT else float(people))
            for (place, people), draw in zip(places.populations.items(), draws, strict=True)
        }
        store(NewVintage(code, "2026", "banc", NOW, covered=everywhere if one.absent_is_zero else None), rows, places)


def _cpts(name: str, codes: list[str], user: User) -> Cpts:
    found = Cpts.objects.filter(name=name).first()
    cpts = found or found_cpts(name=name, departement=Departement.objects.get(pk="24"), by=user, at=NOW)
    perimeter = Perimeter.objects.get(cpts=cpts)
    if not found:
        parts = (PerimeterPart(cpts=cpts, perimeter=perimeter, commune_id=code) for code in codes)
        PerimeterPart.objects.bulk_create(parts, batch_size=2_000)
        Perimeter.objects.filter(pk=perimeter.pk).update(status="in-force", in_force_since=date(2026, 1, 1))
    return Cpts.objects.select_related("departement__region").get(pk=cpts.pk)


def _read(cpts: Cpts) -> Any:
    area = area_of(cpts, with_draft=False)
    assert area
    figures = diagnosis_of(cpts, area, definitions_of(cpts)).figures.values()
    return [(one.value, one.compared, one.references, one.own) for one in figures]


def _aggregated(cpts: Cpts) -> Any:
    """Sums of every indicator over the perimeter, people counted once, inhabitants, references, vintages."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM territorial_diagnosis_vintage")
        cursor.fetchall()
        cursor.execute(
            "SELECT v.vintage_id, sum(v.numerator * p.share), sum(v.denominator * p.share), count(*) "
            "FROM territory_perimeterpart p JOIN territorial_diagnosis_indicatorvalue v ON v.place = p.commune_id "
            "WHERE p.cpts_id = %s GROUP BY v.vintage_id",
            [cpts.pk],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT code, sum(counted - largest) FROM (SELECT s.code, s.practitioner_id, sum(p.share) AS counted, "
            "max(p.share) AS largest FROM territory_perimeterpart p JOIN territorial_diagnosis_sharedperson s "
            "ON s.place = p.commune_id WHERE p.cpts_id = %s GROUP BY s.code, s.practitioner_id) people GROUP BY code",
            [cpts.pk],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT count(*), sum(c.population * p.share) FROM territory_perimeterpart p "
            "JOIN geography_commune c ON c.code = p.commune_id WHERE p.cpts_id = %s",
            [cpts.pk],
        )
        cursor.fetchall()
        cursor.execute("SELECT * FROM territorial_diagnosis_indicatorvalue WHERE place IN ('D24', 'R75', 'F')")
        return cursor.fetchall()


def _document(cpts: Cpts, user: User) -> None:
    area = area_of(cpts, with_draft=False)
    assert area
    content = content_of(cpts, area, on=NOW.date())
    (taken,) = interleaved(lambda: diagnosis_pdf(content), rounds=5)
    row("PDF of the diagnosis, maps included, against two seconds", taken, 2_000, "≤ 1")
    client = Client()
    client.force_login(user)
    base = f"/cpts/{cpts.slug}/diagnostic/"
    pages = {name: client.get(base + name) for name in ("", "themes/supply/", "indicateurs/apl_mg/")}
    heaviest = max(len(page.content) for page in pages.values())
    assert all(page.status_code == 200 for page in pages.values())
    print(f"| heaviest page of the diagnosis | {heaviest / 1000:.0f} kB | | | ≤ 60 kB |")
    assert Commune.objects.exists()
