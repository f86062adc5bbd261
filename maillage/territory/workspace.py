"""Pages of the territory."""

from maillage.accounts.menus import Entry, Section
from maillage.directory.permissions import DIRECTORY_VIEW
from maillage.territory.acts import Act
from maillage.territory.permissions import TERRITORY_DRAFT_VIEW, TERRITORY_EDIT, TERRITORY_VIEW
from maillage.territory.waiting import counted, waiting

ACTS = Act
PERMISSIONS = (
    TERRITORY_VIEW,
    TERRITORY_DRAFT_VIEW,
    TERRITORY_EDIT,
)
COUNTED, WAITING = counted, waiting
ENTRIES = (
    Entry("Annuaire", "territory:professionals", DIRECTORY_VIEW, rank=60, section=Section.MAIN),
    Entry("Territoire", "territory:show", TERRITORY_VIEW, rank=70, section=Section.MAIN),
)
