"""Pages of the agreement."""

from maillage.accounts.menus import Entry, Section
from maillage.aci.permissions import ACI_VIEW

PERMISSIONS = (ACI_VIEW,)
ENTRIES = (
    Entry("Financement ACI", "aci:simulation", ACI_VIEW, rank=10, section=Section.STEERING),
    Entry("Voir le financement", "aci:simulation", ACI_VIEW, rank=10, under="territory:draft"),
)
