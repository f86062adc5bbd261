"""The agenda of a professional: opened once for all their CPTS, with the places where they see patients."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.text import normalised
from maillage.directory.models import DirectoryCode, Organization, Practitioner, PractitionerRole
from maillage.directory.rules.identifiers import UnknownIdentifier, number_key
from maillage.members.models import Membership
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.models import Effector, EffectorMembership, Schedule, Slot
from maillage.unscheduled_care.places import point_of
from maillage.unscheduled_care.rules.places import cell_of


class NumberRefused(DomainError):
    """What is said beside the number."""


class NumberUnreadable(NumberRefused):
    user_message = "Un numéro RPPS a 11 chiffres, un numéro ADELI 9 caractères."


class NumberTaken(NumberRefused):
    user_message = "Ce numéro est déjà celui d’un autre agenda."


class NoNumber(NumberRefused):
    user_message = "Donnez d’abord votre numéro RPPS ou ADELI : le SAS ne connaît les professionnels que par lui."


class NumberFixed(NumberRefused):
    user_message = "Votre numéro est celui de l’annuaire national : il ne se change pas ici."


class NumberOfAnother(NumberRefused):
    user_message = "L’annuaire national donne ce numéro à quelqu’un d’un autre nom : vérifiez-le."


class SlotsAhead(DomainError):
    user_message = "Des créneaux à venir sont ouverts dans ce lieu : retirez-les d’abord."


class StaleAgenda(DomainError):
    user_message = "Ces réglages ont changé depuis que vous avez ouvert la page : relisez-les, puis recommencez."


@transaction.atomic
def start_agenda(*, membership: Membership, by: User | None, at: datetime) -> Effector:
    """The agenda of a member, with what the directory knows: number, savoir-faire, places. Twice is once.

    Somebody already known by number in another CPTS keeps one agenda for both.
    """
    known = _linked(membership)
    if known:
        return known
    try:
        with transaction.atomic():
            effector = _known(membership) or Effector.objects.create(
                national_id=membership.practitioner_id, given_name=membership.given_name,
                family_name=membership.family_name,
                search_name=effector_name(membership.family_name, membership.given_name), group=membership.group,
                phone=membership.phone, skills=_skills(membership),
            )  # fmt: skip
            EffectorMembership.objects.create(effector=effector, membership=membership, cpts=membership.cpts)
            if not effector.schedules.exists():
                _places_of_register(effector, membership)
    except IntegrityError:  # a double click: the other one opened it
        return EffectorMembership.objects.get(membership=membership).effector
    audit.record(
        "agenda.started", target=effector, by=by, at=at, cpts=membership.cpts, summary=f"Agenda de {effector} ouvert"
    )
    return effector


def _linked(membership: Membership) -> Effector | None:
    link = EffectorMembership.objects.filter(membership=membership).select_related("effector").first()
    return link.effector if link else None


def effector_name(family_name: str, given_name: str) -> str:
    """What a name is looked for by: despres elodie."""
    return normalised(f"{family_name} {given_name}")


def _known(membership: Membership) -> Effector | None:
    """The same person in another CPTS: by the number the register gives; failing that, by name and address.

    A number that somebody typed without being tied to the register goes back to whom the register names.
    """
    number = membership.practitioner_id
    if number:
        holder = Effector.objects.filter(national_id=number).first()
        if holder and holder.links.filter(membership__practitioner=number).exists():
            return holder
        Effector.objects.filter(national_id=number).update(national_id=None, sas_agreed_at=None)
    if not membership.email:
        return None
    same = Q(membership__email__iexact=membership.email, membership__search_name=membership.search_name)
    link = EffectorMembership.objects.filter(same).select_related("effector").order_by("pk").first()
    return link.effector if link else None


def _roles(membership: Membership) -> list[PractitionerRole]:
    if not membership.practitioner_id:
        return []
    current = PractitionerRole.objects.current().filter(practitioner=membership.practitioner_id)
    return list(current.select_related("organization", "commune").order_by("pk"))


def _skills(membership: Membership) -> list[list[str]]:
    """Pairs (code, label): what the register gives of the person, all places together."""
    codes = sorted({code for role in _roles(membership) for code in role.specialities.split()})
    labels = dict(DirectoryCode.objects.filter(code__in=codes).values_list("code", "label"))
    # Only the specialities of the orders (TRE_R38) have a code the SAS knows; the rest goes by its label.
    return [[code if code.startswith("SM") else "", labels.get(code, code)] for code in codes]


def _places_of_register(effector: Effector, membership: Membership) -> None:
    """Where the register says they exercise; failing that, the commune of their membership."""
    roles, commune = _roles(membership), membership.commune
    for role in roles:
        city = role.commune.name if role.commune else ""
        known = _of_structure(role.organization) if role.organization else {"city": city}
        Schedule.objects.create(effector=effector, commune=role.commune, **known)
    if not roles and commune:
        Schedule.objects.create(
            effector=effector, city=commune.name, postal_code=commune.postal_codes.partition(" ")[0], commune=commune,
            phone=membership.phone,
        )  # fmt: skip


def _of_structure(structure: Organization) -> dict[str, str]:
    """What a place takes from the structure it is in; its former identifier only when nothing better names it."""
    is_numbered = structure.finess or structure.siret
    return {
        "name": structure.name[:120], "street": structure.street, "city": structure.city,
        "postal_code": structure.postal_code, "phone": structure.phone, "finess": structure.finess,
        "siret": structure.siret, "former_id": "" if is_numbered else structure.pk,
    }  # fmt: skip


@transaction.atomic
def save_place(
    *, effector: Effector, place: Schedule | None, fields: Mapping[str, Any], by: User | None, at: datetime
) -> Schedule:
    """A new place, or what changes of one; the slots to come follow it."""
    place = place or Schedule(effector=effector)
    for name, value in fields.items():
        setattr(place, name, value)
    place.save()
    point = point_of(place)
    ahead = Slot.objects.filter(effector=effector, schedule=place, starts_at__gt=at)
    Slot.objects.filter(pk__in=lock_slots(ahead)).update(
        latitude=point[0] if point else None, longitude=point[1] if point else None,
        cell=cell_of(*point) if point else None,
    )  # fmt: skip
    audit.record("place.saved", target=place, by=by, at=at, summary=f"{effector} : lieu « {place} » enregistré")
    return place


@transaction.atomic
def close_place(*, place: Schedule, by: User | None, at: datetime) -> None:
    """They no longer see patients there. Raises SlotsAhead."""
    ahead = Slot.objects.live().filter(effector=place.effector_id, schedule=place, starts_at__gt=at)
    if ahead.exists():
        raise SlotsAhead
    Schedule.objects.filter(pk=place.pk).update(is_closed=True)
    audit.record("place.closed", target=place, by=by, at=at, summary=f"{place.effector} : n’exerce plus à « {place} »")


@transaction.atomic
def say_how(
    *, effector: Effector, read_version: int, number: str, phone: str, agrees: bool, extra_a_day: int,
    by: User | None, at: datetime,
) -> None:  # fmt: skip
    """Number, telephone, agreement to be shown to the SAS, patients « en sus » a day.

    Raises NumberUnreadable, NumberTaken, NumberFixed, NumberOfAnother, NoNumber, StaleAgenda.
    """
    national_id = _national_id(number) if number else None
    _check_number(effector, national_id)
    if agrees and national_id is None:
        raise NoNumber
    agreed_at = (effector.sas_agreed_at or at) if agrees else None
    stored = Effector.objects.filter(pk=effector.pk, version=read_version)
    try:
        with transaction.atomic():
            written = stored.update(
                national_id=national_id, phone=phone, sas_agreed_at=agreed_at, extra_a_day=extra_a_day,
                version=F("version") + 1,
            )  # fmt: skip
    except IntegrityError as error:
        raise NumberTaken from error
    if not written:
        raise StaleAgenda
    said = "accepte de paraître au SAS" if agrees else "ne paraît pas au SAS"
    audit.record("agenda.said", target=effector, by=by, at=at, summary=f"{effector} {said}")


def _check_number(effector: Effector, national_id: int | None) -> None:
    """The register has the last word on whose number it is. Raises NumberFixed, NumberOfAnother."""
    proved = set(
        effector.links.exclude(membership__practitioner=None).values_list("membership__practitioner", flat=True)
    )
    if proved and national_id not in proved:
        raise NumberFixed
    person = Practitioner.objects.filter(pk=national_id).first() if national_id and not proved else None
    if person and normalised(effector.family_name) != normalised(person.family_name):
        raise NumberOfAnother


def _national_id(number: str) -> int:
    try:
        return number_key("".join(number.split()).upper())
    except UnknownIdentifier as error:
        raise NumberUnreadable from error
