"""A campaign of interoperability: the CPTS, people, places and slots of a neutral JSON, created as it says.

No rule of opening applies here (hours of the permanence des soins, kinds, modes): a campaign tests refusals too. The
database still refuses what must be impossible.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, IntegrityError, transaction

from maillage.accounts.actions.proofs import trial_account
from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.text import normalised
from maillage.cpts.models import Approval, Cpts, Stage, slug_for
from maillage.directory.models import Practitioner
from maillage.directory.rules.identifiers import UnknownIdentifier, number_key
from maillage.geography.models import Departement, Region
from maillage.members.models import Membership, MembershipStatus
from maillage.sas.rules.sas_query import Refused, read_instant
from maillage.unscheduled_care.actions.agenda import effector_name
from maillage.unscheduled_care.actions.opening import new_slot
from maillage.unscheduled_care.models import (
    Appointment,
    CareSettings,
    Effector,
    EffectorMembership,
    Origin,
    Reserved,
    Schedule,
    Slot,
    SlotAudience,
    SlotStatus,
)
from maillage.unscheduled_care.queries.places import commune_named
from maillage.unscheduled_care.rules.identifiers import bare_finess, bare_siret, former_id
from maillage.unscheduled_care.rules.slots import kinds_from, modes_from

STATES = {
    "free": SlotStatus.FREE,
    "booked": SlotStatus.BUSY,
    "cancelled": SlotStatus.CANCELLED,
    "blocked": SlotStatus.BLOCKED,
}
AUDIENCES = {"all": Reserved.NOBODY, "own_patients": Reserved.OWN_PATIENTS, "structure": Reserved.STRUCTURE}
NO_PLACE = "00"  # the département of a campaign on an instance without geography
BATCH = 1000

Row = Mapping[str, Any]
Ids = dict[str, Any]


class UnreadableCampaign(DomainError):
    user_message = "Ce fichier de campagne ne peut pas être lu."


@transaction.atomic
def load_campaign(*, content: Row, at: datetime) -> Ids:
    """Create everything or nothing; the answer gives the identifiers, by key and, for slots, in their order.

    A CPTS of the same name and a professional of the same number are taken as they are, and completed. Raises
    UnreadableCampaign.
    """
    try:
        cpts = {row["key"]: _cpts(row, at) for row in content.get("cpts", [])}
        people = {row["key"]: _effector(row, cpts, at) for row in content.get("practitioners", [])}
        places = {row["key"]: _place(row, people, at) for row in content.get("places", [])}
        slots = _slots(content.get("slots", []), people, places, cpts, at)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableCampaign(f"Champ manquant, ou renvoi inconnu : {error}") from error
    except (ValueError, OverflowError, Refused) as error:
        raise UnreadableCampaign(f"Valeur illisible : {error}") from error
    except (IntegrityError, DataError) as error:
        raise UnreadableCampaign(f"La base refuse : {str(error).splitlines()[0]}") from error
    ids: Ids = {
        "cpts": {key: str(row.uuid) for key, row in cpts.items()},
        "practitioners": {key: str(row.uuid) for key, row in people.items()},
        "places": {key: str(row.uuid) for key, row in places.items()},
    }
    return ids | {"slots": [str(slot.uuid) for slot in slots]}


def _cpts(row: Row, at: datetime) -> Cpts:
    finess = bare_finess(str(row.get("finess") or ""))
    name = str(row["name"])
    cpts = Cpts.objects.filter(search_name=normalised(name)).first()
    if cpts is None:
        taken = set(Cpts.objects.values_list("slug", flat=True))
        cpts = Cpts.objects.create(
            name=name,
            search_name=normalised(name),
            slug=slug_for(name, taken),
            departement=_departement(finess),
            stage=Stage.CONTRACT_SIGNED,
            created_at=at,
            approval=Approval.APPROVED,
            decided_at=at,
        )
    Cpts.objects.filter(pk=cpts.pk).exclude(approval=Approval.APPROVED).update(
        approval=Approval.APPROVED, decided_at=at
    )
    care, _ = CareSettings.objects.get_or_create(cpts=cpts)
    care.finess, care.phone = finess or care.finess, str(row.get("phone") or "")[:40] or care.phone
    care.agreed_with_sas_on = care.agreed_with_sas_on or at.date()
    care.save()
    return cpts


def _departement(finess: str) -> Departement:
    departement = Departement.objects.filter(code=finess[:2]).first() or Departement.objects.order_by("code").first()
    if departement:
        return departement
    region, _ = Region.objects.get_or_create(code=NO_PLACE, defaults={"name": "Campagne d’interopérabilité"})
    return Departement.objects.create(code=NO_PLACE, name="Campagne d’interopérabilité", region=region)


def _effector(row: Row, cpts: Mapping[str, Cpts], at: datetime) -> Effector:
    number = "".join(str(row.get("rpps") or "").split()).upper()
    try:
        national_id = number_key(number) if number else None
    except UnknownIdentifier as error:
        raise UnreadableCampaign(f"Numéro qui n’est ni RPPS ni ADELI : {number[:20]}") from error
    fields: dict[str, Any] = {
        "search_name": effector_name(str(row["family"]), str(row.get("given") or ""))[:170],
        "family_name": str(row["family"])[:80],
        "given_name": str(row.get("given") or "")[:80],
        "phone": str(row.get("phone") or "")[:40],
    }
    if national_id is None:
        effector = Effector.objects.create(**fields)
    else:
        fields |= {"account": _account(fields, national_id, at), "sas_agreed_at": at if row.get("sas") else None}
        effector, _ = Effector.objects.update_or_create(national_id=national_id, defaults=fields)
    for key in row.get("cpts") or []:
        _join(effector, cpts[key], at)
    return effector


def _account(fields: Mapping[str, str], national_id: int, at: datetime) -> User:
    """Whose number counts as proved: a campaign speaks of invented people."""
    return trial_account(
        email=f"{national_id}@campagne.invalid",
        given_name=fields["given_name"],
        family_name=fields["family_name"] or "?",
        national_id=national_id,
        at=at,
    )


def _join(effector: Effector, cpts: Cpts, at: datetime) -> None:
    if EffectorMembership.objects.filter(effector=effector, cpts=cpts).exists():
        return
    register = Practitioner.objects.filter(pk=effector.national_id).first() if effector.national_id else None
    membership = Membership.objects.create(
        cpts=cpts,
        practitioner=register,
        given_name=effector.given_name,
        family_name=effector.family_name or "?",
        search_name=normalised(f"{effector.family_name} {effector.given_name}"),
        joined_on=at.date(),
        status=MembershipStatus.ACCEPTED,
        phone=effector.phone[:20],
        account=effector.account,
        bound_at=at if effector.account else None,
    )
    EffectorMembership.objects.create(effector=effector, membership=membership, cpts=cpts)


def _place(row: Row, people: Mapping[str, Effector], at: datetime) -> Schedule:
    structure = row.get("structure") or {}
    city, postal_code = str(row.get("city") or ""), str(row.get("postal") or "")[:10]
    return Schedule.objects.create(
        effector=people[row["of"]],
        street=str(row.get("line") or "")[:200],
        city=city[:100],
        postal_code=postal_code,
        commune=commune_named(postal_code, city),
        finess=bare_finess(str(structure.get("finess") or "")),
        siret=bare_siret(str(structure.get("siret") or "")),
        former_id=former_id(str(structure.get("old_id") or ""))[:20],
        confirmed_at=at,
    )


def _slots(
    rows: Iterable[Row],
    people: Mapping[str, Effector],
    places: Mapping[str, Schedule],
    cpts: Mapping[str, Cpts],
    at: datetime,
) -> list[Slot]:
    rows = list(rows)
    slots = [_slot(row, people[row["of"]], places[row["at"]], at) for row in rows]
    Slot.objects.bulk_create(slots, batch_size=BATCH)
    SlotAudience.objects.bulk_create(
        [
            SlotAudience(slot=slot, cpts=cpts[key])
            for slot, row in zip(slots, rows, strict=True)
            for key in dict.fromkeys(row.get("cpts") or [])
        ],
        batch_size=BATCH,
    )
    Appointment.objects.bulk_create(
        [
            Appointment(
                slot=slot,
                effector_id=slot.effector_id,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                origin=Origin.DESK,
                booked_at=at,
                code="",
            )
            for slot in slots
            if slot.status == SlotStatus.BUSY
        ],
        batch_size=BATCH,
    )
    return slots


def _slot(row: Row, effector: Effector, place: Schedule, at: datetime) -> Slot:
    if place.effector_id != effector.pk:
        raise UnreadableCampaign(f"Le lieu {row['at']} n’est pas celui de {row['of']}.")
    starts_at = read_instant(str(row["start"]))
    slot = new_slot(
        schedule=place,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=float(row["minutes"])),
        kinds=kinds_from(row.get("codes") or []),
        modes=modes_from(row.get("modes") or []),
        at=at,
    )
    slot.walk_in = bool(row.get("walkin"))
    slot.reasons = [str(reason) for reason in row.get("reasons") or []]
    slot.status = STATES[row.get("state") or "free"]
    slot.reserved_for = AUDIENCES[row.get("audience") or "all"]
    return slot
