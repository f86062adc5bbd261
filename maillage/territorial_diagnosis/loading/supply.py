"""Professionals and establishments of the directory, counted by commune: written anew after each register."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from maillage.core.sql.bulk import insert_rows
from maillage.directory.loading.imports import known_scope, last_done
from maillage.directory.models import ImportKind, Organization, PractitionerRole
from maillage.directory.rules.professions import GENERALIST, GROUPS
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.models import SharedPerson, Vintage
from maillage.territorial_diagnosis.queries.places import Gazetteer, Row, departement_place
from maillage.territorial_diagnosis.rules.catalogue import establishment_categories

LEAST_DENSITY = 1.0  # liberal general practitioners per 10,000 inhabitants: no département has fewer
PREFIXES = {"L": "lib", "S": "sal"}
COUNTED_GROUPS = [group.code for group in GROUPS]


def code_of(group: str, mode: str) -> str:
    """lib_10G: liberal general practitioners."""
    return f"{PREFIXES[mode]}_{group}"


def refresh_supply(places: Gazetteer, at: datetime) -> int:
    """Head counts of each profession, liberal and salaried apart. Returns how many vintages were written."""
    latest, scope = last_done(ImportKind.REGISTER), known_scope(ImportKind.REGISTER)
    if latest is None or scope is None:
        return 0
    counts, shared = _counts(), _shared()
    covered = _covered(counts[code_of(GENERALIST, "L")], places) & (scope or frozenset(places.regions))
    corrections = _corrections(shared, places)
    label, source = latest.extracted_on.isoformat(), latest.filename
    with transaction.atomic():
        Vintage.objects.shared().filter(
            code__in=[code_of(group, mode) for group in COUNTED_GROUPS for mode in PREFIXES]
        ).exclude(label=label).delete()
        for group in COUNTED_GROUPS:
            for mode in PREFIXES:
                code = code_of(group, mode)
                rows: dict[str, Row] = {place: (float(n), None) for place, n in counts[code].items()}
                rolled = store(NewVintage(code, label, source, at, covered=covered, adds_up=True), rows, places)
                _correct(rolled, corrections[code])
        SharedPerson.objects.all().delete()
        insert_rows(SharedPerson, ("code", "practitioner_id", "place"), shared)
    return len(COUNTED_GROUPS) * len(PREFIXES)


def _covered(generalists: Mapping[str, int], places: Gazetteer) -> frozenset[str]:
    """Départements that the register really holds: a file may carry a few of them only, whatever its name says."""
    totals: dict[str, int] = defaultdict(int)
    for commune, people in generalists.items():
        totals[places.departements[commune]] += people
    return frozenset(
        code
        for code, people in totals.items()
        if people * 10_000 >= places.population_of.get(departement_place(code), 0) * LEAST_DENSITY
    )


def _counts() -> dict[str, dict[str, int]]:
    """Code -> commune -> people, each once a commune."""
    rows = (
        PractitionerRole.objects.counted()
        .filter(commune__isnull=False, group__in=COUNTED_GROUPS)
        .order_by()
        .values_list("commune_id", "group", "mode")
        .annotate(people=Count("practitioner_id", distinct=True))
    )
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for commune, group, mode, people in rows.iterator(chunk_size=10_000):
        counts[code_of(group, mode)][str(commune)] = people
    return counts


def _shared() -> list[tuple[str, int, str]]:
    """Code, person, commune: for those counted in several communes."""
    counted = PractitionerRole.objects.counted().filter(commune__isnull=False, group__in=COUNTED_GROUPS).order_by()
    several = (
        counted.values("practitioner_id", "group", "mode")
        .annotate(communes=Count("commune_id", distinct=True))
        .filter(communes__gt=1)
    )
    people = {(row["practitioner_id"], row["group"], row["mode"]) for row in several.iterator(chunk_size=10_000)}
    if not people:
        return []
    of_several = counted.filter(practitioner_id__in=several.values("practitioner_id"))
    rows = of_several.values_list("practitioner_id", "group", "mode", "commune_id").distinct()
    return [
        (code_of(group, mode), person, str(commune))
        for person, group, mode, commune in rows.iterator(chunk_size=10_000)
        if (person, group, mode) in people
    ]


def _corrections(shared: Iterable[tuple[str, int, str]], places: Gazetteer) -> dict[str, dict[str, int]]:
    """Code -> area -> how many times too many its people are counted when its communes are added up."""
    communes: dict[tuple[str, int], list[str]] = defaultdict(list)
    for code, person, place in shared:
        communes[code, person].append(place)
    excesses: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (code, _), held in communes.items():
        seen: dict[str, int] = defaultdict(int)
        for place in held:
            for area in (*places.holders(place), *filter(None, [places.parents.get(place)])):
                seen[area] += 1
        for area, times in seen.items():
            if times > 1:
                excesses[code][area] += times - 1
    return excesses


def _correct(vintage: Vintage, corrections: Mapping[str, int]) -> None:
    for value in vintage.values.filter(place__in=list(corrections)):
        value.numerator = (value.numerator or 0) - corrections[value.place]
        value.save(update_fields=["numerator"])


def refresh_establishments(places: Gazetteer, at: datetime) -> int:
    """Open establishments by commune and category, from FINESS."""
    latest = last_done(ImportKind.ESTABLISHMENTS)
    if latest is None:
        return 0
    open_ones = Organization.objects.filter(closed_on=None, commune__isnull=False)
    covered = frozenset(
        Organization.objects.exclude(category="")
        .filter(commune__isnull=False)
        .values_list("commune__departement", flat=True)
        .distinct()
    )
    label = latest.extracted_on.isoformat()
    for category in establishment_categories():
        code = f"fin_{category}"
        counts = open_ones.filter(category=category).order_by().values_list("commune_id").annotate(Count("pk"))
        rows: dict[str, Row] = {str(commune): (float(number), None) for commune, number in counts}
        new = NewVintage(code, label, latest.filename, at, covered=covered & frozenset(places.regions), adds_up=True)
        with transaction.atomic():
            Vintage.objects.shared().filter(code=code).exclude(label=label).delete()
            store(new, rows, places)
    return len(establishment_categories())


def refresh_population(places: Gazetteer, year: int, at: datetime) -> None:
    """The municipal populations of the reference, as an indicator like the others."""
    rows: dict[str, Row] = {code: (float(population), None) for code, population in places.populations.items()}
    source = "Référentiel des communes de Maillage (INSEE)"
    store(NewVintage("population", str(year), source, at, covered=frozenset(places.regions)), rows, places)
