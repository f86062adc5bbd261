"""The regulator that the SAS of the demonstration declares."""

from datetime import timedelta

from maillage.core.scene import DOMAIN, Scene, at_hour
from maillage.sas.actions.regulators import create_regulator
from maillage.sas.rules.fhir_codes import SAS_SYSTEM
from maillage.sas.rules.regulators import DeclaredRegulator

REGULATOR = "0b0e7c1a-0000-4000-8000-000000000001"
DAYS_AGO = 25


def tell(scene: Scene) -> None:
    identifiers = ((SAS_SYSTEM, REGULATOR),)
    declared = DeclaredRegulator(identifiers, "Loret", "Zoé", f"zoe.loret@{DOMAIN}", is_active=True)
    create_regulator(declared=declared, at=at_hour(scene.today - timedelta(days=DAYS_AGO), 9))
