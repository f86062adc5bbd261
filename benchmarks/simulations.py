"""Whole simulations (five years, five missions) in a second, on one core."""

from datetime import date

from benchmarks.measure import interleaved, row
from maillage.aci.rules.payments import Scenario, simulate
from maillage.core.missions import Mission

SIGNED, STARTED = date(2026, 3, 1), date(2026, 9, 1)
MISSIONS = (Mission.ACCESS, Mission.PATHWAYS, Mission.PREVENTION, Mission.QUALITY, Mission.SUPPORT)
COUNT = 1_000


def run() -> None:
    starts = dict.fromkeys(MISSIONS, STARTED)

    def simulations() -> int:
        return sum(len(simulate(Scenario("2019", 2, SIGNED, starts))) for _ in range(COUNT))

    (mine,) = interleaved(simulations)
    row(f"10 000 simulations of {simulations() // COUNT} payments, against one second", mine / 100, 1, "≤ 1", "s")
