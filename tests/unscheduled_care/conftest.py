"""A professional who agreed to the SAS, and what they opened, around the fixed instant."""

from datetime import timedelta

import pytest

from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Effector
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory

HOUR = timedelta(hours=1)


@pytest.fixture
def doctor(cpts) -> Effector:
    membership = MembershipFactory(cpts=cpts, group="10G", given_name="Élodie", family_name="Després",
                                   email="elodie@exemple.invalid")  # fmt: skip
    effector = actions.start_agenda(membership=membership, by=None, at=NOON)
    agree(effector)
    return Effector.objects.get()


def agree(effector: Effector) -> None:
    actions.say_how(effector=effector, read_version=0, number="99900000017", phone="0553000017", agrees=True,
                    extra_a_day=0, by=None, at=NOON)  # fmt: skip


@pytest.fixture
def slots(doctor, cpts):
    """Two free slots, in two hours and the day after."""
    place = doctor.schedules.get()
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 21)]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.CPTS | Kind.SNP | Kind.PRO, cpts=[cpts], reasons=["Fièvre"])
    return actions.open_slots(schedule=place, spans=spans, opening=opening, by=None, at=NOON).slots
