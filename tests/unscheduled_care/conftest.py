"""A professional who agreed to the SAS, and what they opened, around the fixed instant."""

from datetime import timedelta

import pytest

from maillage.accounts.actions.proofs import record_proof
from maillage.accounts.models import ProofMeans
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import CareSettings, Effector
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory, UserFactory

HOUR = timedelta(hours=1)


@pytest.fixture
def doctor(cpts) -> Effector:
    account = UserFactory(email="elodie@exemple.invalid", given_name="Élodie", family_name="Després")
    membership = MembershipFactory(
        cpts=cpts, group="10G", given_name="Élodie", family_name="Després", email=account.email, account=account
    )
    agrees_with_the_sas(cpts)
    effector = actions.start_agenda(membership=membership, by=account, at=NOON)
    agree(effector)
    return Effector.objects.get()


def agrees_with_the_sas(cpts) -> None:
    CareSettings.objects.update_or_create(cpts=cpts, defaults={"agreed_with_sas_on": NOON.date()})


def agree(effector: Effector, national_id: int = 899_900_000_017) -> None:
    """Prove a number, confirm the places, accept to be shown."""
    record_proof(user=effector.account, national_id=national_id, means=ProofMeans.PSC, at=NOON)
    for place in effector.schedules.all():
        actions.confirm_place(place=place, by=effector.account, at=NOON)
    effector.refresh_from_db()
    actions.say_how(
        effector=effector,
        read_version=effector.version,
        phone="0553000017",
        agrees=True,
        extra_a_day=0,
        by=effector.account,
        at=NOON,
    )


@pytest.fixture
def slots(doctor, cpts):
    """Two free slots, in two hours and the day after."""
    place = doctor.schedules.get()
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 21)]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS | Kind.SNP | Kind.PRO, cpts=[cpts], reasons=["Fièvre"])
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots
