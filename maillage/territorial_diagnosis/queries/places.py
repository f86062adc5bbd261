"""Places as figures name them, and what holds them: communes, départements, régions, France."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from maillage.geography.models import Commune, PlaceName, PlaceNameKind

FRANCE = "F"
REFERENCE_COVER = 0.8
WHOLE = 0.99
Row = tuple[float | None, float | None]


def departement_place(code: str) -> str:
    return f"D{code}"


def region_place(code: str) -> str:
    return f"R{code}"


def cpts_place(pk: int) -> str:
    return f"X{pk}"


@dataclass(frozen=True)
class Gazetteer:
    """Every commune of today with what holds it, read once for a loading."""

    departements: Mapping[str, str]
    regions: Mapping[str, str]
    parents: Mapping[str, str]
    populations: Mapping[str, int]
    former: Mapping[str, str]

    @classmethod
    def read(cls) -> "Gazetteer":
        """Two queries."""
        rows = list(
            Commune.objects.current().values_list("code", "departement", "departement__region", "parent", "population")
        )
        former = dict(PlaceName.objects.filter(kind=PlaceNameKind.FORMER_CODE).values_list("label", "commune")) | dict(
            Commune.objects.exclude(merged_into=None).values_list("code", "merged_into_id")
        )
        return cls(
            {code: departement for code, departement, *_ in rows},
            {departement: region for _, departement, region, *_ in rows},
            {code: parent for code, _, _, parent, _ in rows if parent},
            {code: population or 0 for code, *_, population in rows},
            {code: str(target) for code, target in former.items()},
        )

    def today(self, code: str) -> str:
        """The commune that a code of any year means today; '' when none does."""
        code = code.strip().upper()
        if len(code) == 4 and code.isdigit():
            code = f"0{code}"  # a spreadsheet ate the zero of 01001
        return code if code in self.departements else self.former.get(code, "")

    @cached_property
    def population_of(self) -> dict[str, int]:
        """Inhabitants of each département, région and of France."""
        totals: dict[str, int] = {}
        for code, population in self.populations.items():
            if code not in self.parents:
                for place in self.holders(code):
                    totals[place] = totals.get(place, 0) + population
        return totals

    def holders(self, code: str) -> tuple[str, str, str]:
        departement = self.departements[code]
        return departement_place(departement), region_place(self.regions[departement]), FRANCE

    def with_parents(self, rows: Mapping[str, Row], *, adds: bool = False) -> dict[str, Row]:
        """Paris, Lyon and Marseille from their arrondissements, when only those are told.

        `adds`: what is told of the city itself comes on top, instead of being the whole (people put in a city
        without their arrondissement).
        """
        whole = dict(rows)
        for code, parent in self.parents.items():
            if code in rows and (adds or parent not in rows):
                whole[parent] = added(whole.get(parent, (None, None)), rows[code])
        return whole

    def rolled_up(self, rows: Mapping[str, Row], *, exhaustive: frozenset[str] | None = None) -> dict[str, Row]:
        """Values of départements, régions and France, from those of communes.

        `exhaustive`: départements that the source covers wholly, absent communes counting for zero; otherwise an
        area is told when communes with four inhabitants out of five are published.
        """
        totals: dict[str, Row] = {}
        published: dict[str, int] = {}
        for code, row in rows.items():
            if code in self.parents or row[0] is None:
                continue
            for place in self.holders(code):
                totals[place] = added(totals.get(place, (None, None)), row)
                published[place] = published.get(place, 0) + self.populations[code]
        if exhaustive is not None:
            return {place: totals.get(place, (0.0, None)) for place in self._covered(exhaustive)}
        return {
            place: row
            for place, row in totals.items()
            if published[place] >= REFERENCE_COVER * self.population_of[place]
        }

    def _covered(self, departements: frozenset[str]) -> list[str]:
        """Areas of which the départements told hold all the inhabitants, or so nearly that the rest does not show."""
        people: dict[str, int] = {}
        for departement in departements:
            here = self.population_of.get(departement_place(departement), 0)
            for place in (departement_place(departement), region_place(self.regions[departement]), FRANCE):
                people[place] = people.get(place, 0) + here
        return [place for place, population in people.items() if population >= WHOLE * self.population_of.get(place, 0)]


def added(first: Row, second: Row) -> Row:
    """Sums that know what is missing: nothing plus something is something."""
    return _plus(first[0], second[0]), _plus(first[1], second[1])


def _plus(first: float | None, second: float | None) -> float | None:
    if first is None:
        return second
    return first if second is None else first + second
