"""Pages of whoever approves."""

from maillage.accounts.menus import InstanceEntry
from maillage.oversight.acts import Act
from maillage.oversight.letters import samples

ACTS = Act
LETTERS = samples
INSTANCE_ENTRIES = (
    InstanceEntry("CPTS à approuver", "oversight:approvals", rank=10),
    InstanceEntry("Identités à trancher", "oversight:identities", rank=20),
)
