"""Unscheduled care in the demonstration: agendas, slots, patients sent, a difficulty."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from maillage.accounts.actions.proofs import record_proof, trial_account
from maillage.accounts.models import ProofMeans, User
from maillage.core.limits import uncounted
from maillage.core.models import Job
from maillage.core.scene import DOMAIN, Scene, at_hour
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.members.actions.binding import bind
from maillage.members.models import Membership
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Effector, Origin, Schedule, Slot
from maillage.unscheduled_care.rules.pdsa import pdsa_reason
from maillage.unscheduled_care.rules.series import slots_between
from maillage.unscheduled_care.rules.slots import Kind, Mode

DOCTORS, NURSES = 14, 4
PAST_DAYS, DAYS_AHEAD = 20, 10
REASONS = ("", "Fièvre", "Petite traumatologie", "", "Douleur abdominale", "Éruption cutanée", "")
DEPARTEMENT = "24"


@uncounted()
@transaction.atomic
def tell(scene: Scene) -> None:
    cpts, bastides, today = scene.cpts, scene.neighbour, scene.today
    coordinator, regulator = scene.coordinator, scene.people["zoe.loret"]
    before = at_hour(today - timedelta(days=PAST_DAYS + 5), 9)
    _settings(cpts, coordinator, before, phone="0553000010", finess="990000101", hds_host="Hébergeur fictif de la démo")
    _settings(bastides, coordinator, before, phone="0553000020", finess="990000119")
    effectors = list(_effectors(cpts, before))
    _second_cpts(effectors, bastides, before)
    for number, effector in enumerate(effectors):
        _open(effector, number, cpts, today)
    _book_the_past(cpts, regulator, today)
    Job.objects.filter(kind=actions.FOLLOW).delete()  # what is over was told long ago
    _requests(scene)
    row = effectors[0].appointments.order_by("starts_at").first()
    actions.report(
        cpts=cpts,
        text="Cabinet fermé à l’heure du rendez-vous : le patient a dû être réadressé.",
        appointment=row,
        by=regulator,
        by_name=str(regulator),
        at=at_hour(today - timedelta(days=1), 11),
    )


def _settings(cpts: Cpts, by: User, at: datetime, *, phone: str, finess: str, hds_host: str = "") -> None:
    fields = {
        "target_hours": 48,
        "phone": phone,
        "finess": finess,
        "patient_months": 3,
        "hds_host": hds_host,
        "declares_hds": bool(hds_host),
        "agreed_with_sas_on": at.date(),
        "sas_contacts": "Régulation du SAS 24 : ligne dédiée aux CPTS, de 8 h à 20 h.",
        "answer_modes": "Créneaux partagés, puis appel de l’accueil unique.",
    }
    actions.save_settings(cpts=cpts, read_version=0, fields=fields, by=by, at=at)


def _effectors(cpts: Cpts, at: datetime) -> Iterable[Effector]:
    """Doctors first, some nurses, and the member one can be."""
    members = Membership.objects.of(cpts).current().select_related("cpts", "commune").order_by("pk")
    doctors = list(members.filter(group="10G")[:DOCTORS])
    nurses = list(members.filter(group="60")[:NURSES])
    own = list(members.filter(email__startswith="paul.loret"))
    for number, membership in enumerate([*doctors, *nurses, *own]):
        account = _account(membership, at)
        effector = actions.start_agenda(membership=membership, by=account, at=at)
        for place in effector.schedules.all():
            actions.confirm_place(place=place, by=account, at=at)
        if number % 6 != 5:
            actions.say_how(
                effector=effector,
                read_version=0,
                phone=membership.phone,
                agrees=effector.national_id is not None,
                extra_a_day=number % 3,
                by=account,
                at=at,
            )
        yield Effector.objects.get(pk=effector.pk)


def _account(membership: Membership, at: datetime) -> User:
    """What each of them would have done: accepted an invitation, proved a number."""
    known = User.objects.filter(email__iexact=membership.email).first() if membership.email else None
    if known is None and membership.practitioner_id:
        known = trial_account(
            email=membership.email or f"{membership.practitioner_id}@{DOMAIN}",
            given_name=membership.given_name,
            family_name=membership.family_name,
            national_id=membership.practitioner_id,
            at=at,
        )
    elif known and membership.practitioner_id:
        record_proof(user=known, national_id=membership.practitioner_id, means=ProofMeans.TRIAL, at=at)
    assert known
    if membership.account_id is None:
        bind(membership=membership, user=known, by=known, at=at, because="personne inventée de la démonstration")
    return known


def _second_cpts(effectors: list[Effector], cpts: Cpts, at: datetime) -> None:
    """Those who are members of the neighbour too keep one agenda for both."""
    keys = [effector.national_id for effector in effectors if effector.national_id]
    for membership in Membership.objects.of(cpts).current().filter(practitioner__in=keys).select_related("cpts"):
        actions.start_agenda(membership=membership, by=_account(membership, at), at=at)


def _open(effector: Effector, number: int, cpts: Cpts, today: date) -> None:
    """An hour of slots on most working days, at hours that differ."""
    place = effector.schedules.order_by("pk").first()
    if place is None:
        return
    own = [link.cpts for link in effector.links.select_related("cpts")]
    for ahead in range(-PAST_DAYS, DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        hour = (8, 11, 14, 17)[(number + ahead) % 4]
        if (number + ahead) % 3 and not pdsa_reason(at_hour(day, hour), DEPARTEMENT):
            _open_hour(place, day, hour, number, own if number % 4 == 3 else [cpts])


def _open_hour(place: Schedule, day: date, hour: int, number: int, own: list[Cpts]) -> None:
    zone = timezone.get_current_timezone()
    spans = slots_between(day, time(hour), time(hour + 1), 20, zone)
    kinds = (Kind.CPTS | Kind.SNP, Kind.CPTS, Kind.SNP | Kind.PRO, Kind.PUBLIC | Kind.CPTS)[number % 4]
    opening = actions.Opening(
        modes=Mode.HH if number % 7 == 6 else Mode.AMB | Mode.VR if number % 5 == 4 else Mode.AMB,
        kinds=kinds,
        cpts=own if kinds & Kind.CPTS else [],
    )
    # What is opened in the past was, the day before.
    actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=at_hour(day - timedelta(days=1), 7))


def _book_the_past(cpts: Cpts, regulator: User, today: date) -> None:
    """Two slots in three were given; most patients came."""
    communes = list(
        Membership.objects.of(cpts).exclude(commune=None).order_by("pk").values_list("commune", flat=True)[:9]
    )
    slots = (
        Slot.objects.open()
        .filter(starts_at__lt=at_hour(today, 0))
        .select_related("effector")
        .order_by("starts_at", "pk")
    )
    for number, slot in enumerate(slots):
        if number % 3 == 2:
            continue
        by_sas = number % 2 and slot.effector.sas_agreed_at and slot.effector.national_id
        origin = Origin.SAS if by_sas else Origin.DESK
        booker = actions.Booker(user=regulator, origin=origin, cpts=cpts)
        row = actions.book_slot(
            slot=slot,
            booker=booker,
            reason=REASONS[number % len(REASONS)],
            commune=communes[number % len(communes)],
            at=slot.starts_at - timedelta(hours=(2, 5, 7, 20, 30, 60)[number % 6]),
        )
        if number % 25 == 0:
            actions.cancel(appointment=row, by=regulator, at=slot.starts_at - timedelta(hours=1))
        elif number % 40 != 1:
            actions.record_outcome(appointment=row, came=number % 11 != 0, by=None, at=slot.ends_at)


REQUESTS = (
    ("Jeanne Lacaze, 05 36 49 00 71", "Fièvre et toux depuis trois jours, vit seule", "24037", 30, ""),
    ("Mathis Roumieux, 05 36 49 00 72", "Cheville tordue au sport, marche avec peine", "24140", 5, ""),
    ("Odette Vialard, 05 36 49 00 73", "Pansement à refaire, rougeur autour de la plaie", "24037", 52, ""),
    ("Ali Benarbia, 05 36 49 00 74", "Douleur à l’oreille, n’a plus de médecin traitant", "24037", 70, "advice"),
)


def _requests(scene: Scene) -> None:
    """Invented patients: one late, one ended."""
    cpts, lea = scene.cpts, scene.people["lea.marchive"]
    now = at_hour(scene.today, 10)
    for who, what, code, hours_ago, outcome in REQUESTS:
        at = now - timedelta(hours=hours_ago)
        commune = Commune.objects.get(code=code)
        patient = {"who": who, "what": what, "doctor": ""}
        row = actions.open_request(cpts=cpts, patient=patient, commune=commune, group="10G", hours=48, by=lea, at=at)
        if outcome:
            actions.end_request(request=row, outcome=outcome, by=lea, at=at + timedelta(hours=2))
