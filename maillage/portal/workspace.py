"""Home, and the pages of whoever runs the instance; files that nobody waits for any more."""

from datetime import datetime

from maillage.accounts.menus import Entry, InstanceEntry, Section
from maillage.accounts.permissions import HOME_VIEW
from maillage.aci.permissions import ACI_VIEW
from maillage.core.loading.waiting import sweep_waiting
from maillage.portal.acts import Act

ACTS = Act
ENTRIES = (
    Entry("Accueil", "portal:home", HOME_VIEW, rank=10, section=Section.MAIN),
    Entry("Ce que nous avons fait", "portal:facts", ACI_VIEW, rank=5, section=Section.STEERING),
)
INSTANCE_ENTRIES = (
    InstanceEntry("Données de référence", "portal:reference", rank=40),
    InstanceEntry("Données ouvertes", "portal:open_data", rank=50),
    InstanceEntry("Messages sortants", "portal:outbox", rank=60),
    InstanceEntry("Limites", "portal:limits", rank=70),
    InstanceEntry("Sauvegardes", "portal:backups", rank=80),
    InstanceEntry("Clés", "portal:keys", rank=90),
    InstanceEntry("Composants", "portal:gallery", rank=100),
    InstanceEntry("Lettres", "portal:letters", rank=110),
)


def erase(at: datetime) -> int:
    return sweep_waiting()
