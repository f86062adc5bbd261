"""What one may do with the territory of a CPTS."""

from maillage.accounts.models import Role
from maillage.accounts.permissions import BOARD, LEAD, READERS, Permission

TERRITORY_VIEW = Permission("territory.view", roles=READERS)
TERRITORY_DRAFT_VIEW = Permission("territory.draft.view", roles=BOARD | {Role.GUICHET_AGENT})
TERRITORY_EDIT = Permission("territory.edit", roles=LEAD)
