"""The agenda of a professional: opened once for all their CPTS, with the places where they see patients."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from maillage.accounts.actions.proofs import REPLACED
from maillage.accounts.hooks import account_taken_back, number_proved
from maillage.accounts.models import NumberProof, User
from maillage.audit import actions as audit
from maillage.audit.models import AuditEvent
from maillage.audit.queries import who_changed
from maillage.core.errors import DomainError
from maillage.core.stale import Stale, claim
from maillage.core.text import normalised
from maillage.directory.models import DirectoryCode, Organization, Practitioner, PractitionerRole
from maillage.members.models import Membership
from maillage.members.rules.names import readable
from maillage.unscheduled_care.actions.locking import lock_slots
from maillage.unscheduled_care.actions.membership import forget_the_holder, forget_what_was_said, let_go
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Effector, EffectorMembership, Schedule, Slot
from maillage.unscheduled_care.notifications import tell_what_the_sas_reads
from maillage.unscheduled_care.queries.places import point_of
from maillage.unscheduled_care.rules.places import cell_of

RECENT = timedelta(days=7)  # what an account that is taken back added lately is not its person's


class NoNumber(DomainError):
    user_message = (
        "Prouvez d’abord votre numéro national, dans « Mon identité » : le SAS ne connaît les professionnels que par "
        "lui."
    )


class NotYours(DomainError):
    user_message = "Cette adhésion n’est pas reliée à votre compte : dites laquelle est la vôtre dans « Mon identité »."


class SlotsAhead(DomainError):
    user_message = "Des créneaux à venir sont ouverts dans ce lieu : retirez-les d’abord."


@transaction.atomic
def start_agenda(*, membership: Membership, by: User | None, at: datetime) -> Effector:
    """The agenda of a member, with what the directory knows: savoir-faire, and places to confirm. Twice is once.

    There is one for an account, whatever the number of CPTS: who joins a second one says so from where they already
    are. It takes the national number that the account proved; one that a team wrote beside a name opens nothing.
    Raises NotYours when somebody else than its account asks.
    """
    if by is not None and membership.account_id != by.pk:
        raise NotYours
    known = _linked(membership)
    if known:
        return known
    try:
        with transaction.atomic():
            effector = _own(membership) or Effector.objects.create(
                account=membership.account,
                given_name=membership.given_name,
                family_name=membership.family_name,
                search_name=effector_name(membership.family_name, membership.given_name),
                group=membership.group,
                skills=_skills(membership.practitioner_id),
            )
            EffectorMembership.objects.create(effector=effector, membership=membership, cpts=membership.cpts)
            if not effector.schedules.exists():
                _places_of_register(effector, membership)
    except IntegrityError:  # a double click: the other one opened it
        return EffectorMembership.objects.get(membership=membership).effector
    if membership.account:
        take_number(membership.account)
        effector.refresh_from_db()
    audit.record(
        Act.AGENDA_STARTED,
        target=effector,
        by=by,
        at=at,
        cpts=membership.cpts,
        summary=f"Agenda de {effector} ouvert",
    )
    return effector


def _linked(membership: Membership) -> Effector | None:
    """That of the same account. One that another account opened here, before it was unbound, is let go."""
    link = EffectorMembership.objects.filter(membership=membership).select_related("effector").first()
    if link and link.effector.account_id != membership.account_id:
        link.delete()
        return None
    return link.effector if link else None


def _own(membership: Membership) -> Effector | None:
    """The agenda the same account has already, in another CPTS."""
    return Effector.objects.filter(account=membership.account_id).first() if membership.account_id else None


def effector_name(family_name: str, given_name: str) -> str:
    """What a name is looked for by: despres elodie."""
    return normalised(f"{family_name} {given_name}")


def take_number(account: User) -> None:
    """Lay the agenda of an account under the number it proved, or give it the one that exists under this number.

    Somebody who held the number without a proof in force loses it: nothing of theirs is told to the SAS any more.
    """
    proof = NumberProof.objects.in_force().filter(user=account).select_related("user").first()
    if proof is None:
        return
    own = _own_under(proof)
    holder = Effector.objects.filter(national_id=proof.national_id).first()
    if holder and holder != own:
        if own is None:
            _pass_over(holder, account)
            _name_as_proved(holder.pk, proof)
            return
        let_go(holder)
    if own:
        Effector.objects.filter(pk=own.pk).exclude(national_id=proof.national_id).update(
            national_id=proof.national_id, sas_agreed_at=None
        )
        _name_as_proved(own.pk, proof)


def _own_under(proof: NumberProof) -> Effector | None:
    """The agenda of the account, unless its patients were taken under a number that somebody else may prove.

    A number that the administrator replaced by this one is the same person's.
    """
    own = Effector.objects.filter(account=proof.user).first()
    if own is None or own.national_id in (None, proof.national_id):
        return own
    if NumberProof.objects.filter(user=proof.user, national_id=own.national_id, end_reason=REPLACED).exists():
        return own
    let_go(own)
    return None


def _pass_over(holder: Effector, account: User) -> None:
    """The agenda goes to whoever proved the number, with its slots and appointments; nothing that somebody else said of
    telephone, places or agreement goes with it, nor do memberships of another account and the private addresses."""
    holder.links.exclude(membership__account=account).exclude(membership__account=None).delete()
    forget_the_holder(holder, account=account)


def _name_as_proved(effector: int, proof: NumberProof) -> None:
    """Under a proved number, the name and the skills are those of the register: a page says them as its team typed.

    Somebody whom the register does not know yet bears the name of their account, and the profession of their page.
    """
    effectors = Effector.objects.filter(pk=effector)
    registered = Practitioner.objects.filter(pk=proof.national_id).first()
    person = registered or proof.user
    family_name, given_name = readable(person.family_name), readable(person.given_name)
    name = effector_name(family_name, given_name)
    effectors.exclude(search_name=name).update(family_name=family_name, given_name=given_name, search_name=name)
    if registered:
        groups = [role.group for role in _roles(proof.national_id)] or [""]
        effectors.update(skills=_skills(proof.national_id))
        effectors.exclude(group__in=groups).update(group=groups[0])


@number_proved.register
def follow_the_number(*, proof: NumberProof, at: datetime) -> None:
    """What exists under a number goes to whoever proved it."""
    take_number(proof.user)


@account_taken_back.register
def hide_what_was_said(*, user: User, at: datetime) -> None:
    """Whoever got into the account may have said it, and have read the private addresses: the SAS reads none of it."""
    agenda = Effector.objects.filter(account=user).first()
    if agenda:
        forget_what_was_said(agenda)
        _remove_calendars_added_since(agenda, at - RECENT)
        summary = f"{agenda} ne paraît plus au SAS : compte repris par « ce n’est pas moi »"
        audit.record(Act.AGENDA_TAKEN_BACK, target=agenda, by=None, at=at, summary=summary)


def _remove_calendars_added_since(agenda: Effector, since: datetime) -> None:
    """One that is always busy hides every slot; the journal knows when each was added."""
    for calendar in agenda.calendars.all():
        target = {"target_type": calendar._meta.label_lower, "target_id": str(calendar.pk)}
        if AuditEvent.objects.filter(type=Act.CALENDAR_ADDED, at__gt=since, **target).exists():
            calendar.delete()


def _roles(number: int | None) -> list[PractitionerRole]:
    """Where the register says that this person exercises today; nowhere without a number."""
    if not number:
        return []
    current = PractitionerRole.objects.current().filter(practitioner=number)
    return list(current.select_related("organization", "commune").order_by("pk"))


def _skills(number: int | None) -> list[list[str]]:
    """Pairs (code, label): what the register gives of the person, all places together."""
    codes = sorted({code for role in _roles(number) for code in role.specialities.split()})
    labels = dict(DirectoryCode.objects.filter(code__in=codes).values_list("code", "label"))
    # Only the specialities of the orders (TRE_R38) have a code the SAS knows; the rest goes by its label.
    return [[code if code.startswith("SM") else "", labels.get(code, code)] for code in codes]


def _places_of_register(effector: Effector, membership: Membership) -> None:
    """Where the register says they exercise; failing that, the commune of their membership."""
    roles, commune = _roles(membership.practitioner_id), membership.commune
    for role in roles:
        city = role.commune.name if role.commune else ""
        known = _of_structure(role.organization) if role.organization else {"city": city}
        Schedule.objects.create(effector=effector, commune=role.commune, **known)
    if not roles and commune:
        Schedule.objects.create(
            effector=effector,
            city=commune.name,
            postal_code=commune.postal_codes.partition(" ")[0],
            commune=commune,
            phone=membership.phone,
        )


def _of_structure(structure: Organization) -> dict[str, str]:
    """What a place takes from the structure it is in; its former identifier only when nothing better names it."""
    is_numbered = structure.finess or structure.siret
    return {
        "name": structure.name[:120],
        "street": structure.street,
        "city": structure.city,
        "postal_code": structure.postal_code,
        "phone": structure.phone,
        "finess": structure.finess,
        "siret": structure.siret,
        "former_id": "" if is_numbered else structure.pk,
    }


@transaction.atomic
def save_place(
    *, effector: Effector, place: Schedule | None, fields: Mapping[str, Any], by: User | None, at: datetime
) -> Schedule:
    """A new place, or what changes of one, confirmed by whoever writes it; the slots to come follow it."""
    place = place or Schedule(effector=effector)
    place.confirmed_at = at
    for name, value in fields.items():
        setattr(place, name, value)
    place.save()
    point = point_of(place)
    ahead = Slot.objects.filter(effector=effector, schedule=place, starts_at__gt=at)
    Slot.objects.filter(pk__in=lock_slots(ahead)).update(
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        cell=cell_of(*point) if point else None,
    )
    audit.record(Act.PLACE_SAVED, target=place, by=by, at=at, summary=f"{effector} : lieu « {place} » enregistré")
    _tell_if_shown(effector, at)
    return place


@transaction.atomic
def close_place(*, place: Schedule, by: User | None, at: datetime) -> None:
    """They no longer see patients there. Raises SlotsAhead."""
    ahead = Slot.objects.live().filter(effector=place.effector_id, schedule=place, starts_at__gt=at)
    if ahead.exists():
        raise SlotsAhead
    Schedule.objects.filter(pk=place.pk).update(is_closed=True)
    audit.record(
        Act.PLACE_CLOSED, target=place, by=by, at=at, summary=f"{place.effector} : n’exerce plus à « {place} »"
    )
    _tell_if_shown(place.effector, at)


@transaction.atomic
def confirm_place(*, place: Schedule, by: User, at: datetime) -> None:
    """« C’est bien là »: its professional says that the address and the telephone are right."""
    Schedule.objects.filter(pk=place.pk).update(confirmed_at=at)
    audit.record(
        Act.PLACE_CONFIRMED, target=place, by=by, at=at, summary=f"{place.effector} : lieu « {place} » confirmé"
    )
    _tell_if_shown(place.effector, at)


def _tell_if_shown(effector: Effector, at: datetime) -> None:
    if effector.sas_agreed_at:
        tell_what_the_sas_reads(effector, at=at)


@transaction.atomic
def say_how(
    *,
    effector: Effector,
    read_version: int,
    phone: str,
    agrees: bool,
    extra_a_day: int,
    by: User | None,
    at: datetime,
) -> None:
    """Telephone, agreement to be shown to the SAS, patients « en sus » a day. Raises NoNumber or Stale."""
    if agrees and not Effector.objects.with_proof().filter(pk=effector.pk).exists():
        raise NoNumber
    agreed_at = (effector.sas_agreed_at or at) if agrees else None
    changes = {"phone": phone, "sas_agreed_at": agreed_at, "extra_a_day": extra_a_day}
    rows = Effector.objects.filter(pk=effector.pk)
    claim(rows, read_version, changes, refusal=lambda: Stale("ces réglages", who_changed(effector)))
    changed = (phone, agreed_at) != (effector.phone, effector.sas_agreed_at)
    said = "accepte de paraître au SAS" if agrees else "ne paraît pas au SAS"
    audit.record(Act.AGENDA_SAID, target=effector, by=by, at=at, summary=f"{effector} {said}")
    if changed and (agreed_at or effector.sas_agreed_at):
        tell_what_the_sas_reads(effector, at=at)
