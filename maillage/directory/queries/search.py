"""Finding professionals the way people look for them: a name, a profession, a savoir-faire, a place, a structure."""

from dataclasses import dataclass
from math import cos, radians
from typing import Any

from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery

from maillage.core.text import normalised
from maillage.directory.models import DirectoryCode, Mailbox, Practitioner, PractitionerRole
from maillage.geography.models import Commune
from maillage.geography.rules.distances import KM_PER_DEGREE

AFTER_ANY_NAME = "~"  # normalised names hold digits, small letters and spaces only
RPPS_LENGTHS = (11, 12)  # as people write it, and with the 8 that the national identifier puts before it
Communes = QuerySet[Any]
_labels: dict[str, str] = {}


@dataclass(frozen=True)
class Criteria:
    """What is asked. `communes` is a subquery of codes; None is all of France, which then needs a name."""

    name: str = ""
    group: str = ""
    speciality: str = ""
    structure: str = ""
    communes: Communes | None = None

    @property
    def is_too_wide(self) -> bool:
        return self.communes is None and len(normalised(self.name)) < 2 and not self.structure


def find(criteria: Criteria) -> QuerySet[Practitioner]:
    """People in post who match everything asked, with their places, phones and mailboxes; by name."""
    if criteria.is_too_wide:
        return Practitioner.objects.none()
    people = Practitioner.objects.filter(until=None).filter(_named(criteria))
    roles = _roles(criteria)
    if roles is not None:
        # DISTINCT: gathered first, not asked of each name of France in the order of a page.
        people = people.filter(pk__in=roles.values("practitioner").distinct())
    return people.prefetch_related(Prefetch("roles", _shown_roles(), to_attr="places")).order_by("search_name", "pk")


def _named(criteria: Criteria) -> Q:
    """Each word in the name; in all of France one of them must begin it, which an index answers."""
    words = normalised(criteria.name).split()
    if len(words) == 1 and words[0].isdigit() and len(words[0]) in RPPS_LENGTHS:
        return Q(pk=int(words[0]) if len(words[0]) == max(RPPS_LENGTHS) else int(f"8{words[0]}"))
    condition = Q()
    for word in words:
        condition &= Q(search_name__contains=word)
    if words and criteria.communes is None:
        beginning = Q()
        for start in {*words, " ".join(words)}:
            beginning |= Q(search_name__gte=start, search_name__lt=start + AFTER_ANY_NAME)
        condition &= beginning
    return condition


def _roles(criteria: Criteria) -> QuerySet[PractitionerRole] | None:
    roles = PractitionerRole.objects.current()
    narrowed = False
    if criteria.group:
        roles, narrowed = roles.filter(group=criteria.group), True
    if criteria.speciality:
        roles, narrowed = roles.filter(specialities__contains=criteria.speciality), True
    if criteria.communes is not None:
        # Students without a place, and exercises without a commune, are found by name in all of France only.
        roles, narrowed = roles.inside(criteria.communes), True
    for word in normalised(criteria.structure).split():
        roles, narrowed = roles.filter(organization__search_name__contains=word), True
    return roles if narrowed else None


def _shown_roles() -> QuerySet[PractitionerRole]:
    """Everything a result shows, in one query."""
    boxes = Mailbox.objects.filter(practitioner=OuterRef("practitioner")).order_by("-is_personal", "address")
    return (
        PractitionerRole.objects.current()
        .select_related("organization", "commune")
        .defer("commune__outline", "commune__neighbours")
        .annotate(mailbox=Subquery(boxes.values("address")[:1]))
        .order_by("profession", F("commune__name").asc(nulls_last=True), "pk")
    )


def communes_within(commune: Commune, km: int) -> Communes:
    """Codes of the communes whose town hall is within so many kilometres, as the crow flies; itself always."""
    if not km or commune.latitude is None or commune.longitude is None:
        return Commune.objects.filter(pk=commune.pk).values("code")
    north = (F("latitude") - commune.latitude) * KM_PER_DEGREE
    east = (F("longitude") - commune.longitude) * (KM_PER_DEGREE * cos(radians(commune.latitude)))
    reach = km / KM_PER_DEGREE
    near = Commune.objects.current().filter(
        latitude__range=(commune.latitude - reach, commune.latitude + reach), longitude__isnull=False
    )
    return near.annotate(square=north * north + east * east).filter(square__lte=float(km * km)).values("code")


def speciality_labels() -> dict[str, str]:
    """Labels of savoir-faire, read once a process; read again when a code is met that it does not hold."""
    if not _labels:
        _labels.update(DirectoryCode.objects.filter(system="savoir-faire").values_list("code", "label"))
    return _labels


def label_of(code: str) -> str:
    """The label of one savoir-faire; the code itself when no file named it."""
    if code not in speciality_labels():
        label = DirectoryCode.objects.filter(system="savoir-faire", code=code).values_list("label", flat=True).first()
        _labels[code] = label or code
    return _labels[code]
