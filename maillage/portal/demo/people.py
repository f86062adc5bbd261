"""Who one can be in the demonstration."""

from dataclasses import dataclass

from maillage.accounts.models import Role
from maillage.core.scene import DOMAIN


@dataclass(frozen=True)
class Persona:
    """One sign-in card. `scope`: cpts, departement, region or instance."""

    key: str
    given_name: str
    family_name: str
    role: Role
    scope: str
    purpose: str

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


PERSONAS = (
    Persona(
        "claire.aubert",
        "Claire",
        "Aubert",
        Role.COORDINATOR,
        "cpts",
        "Le quotidien de la CPTS : réunions, membres, territoire, financement.",
    ),
    Persona("elodie.despres", "Élodie", "Després", Role.PRESIDENT, "cpts", "Décide, signe, présente les résultats."),
    Persona("marc.teyssier", "Marc", "Teyssier", Role.TREASURER, "cpts", "Ce que l’ACI verse, et quand."),
    Persona(
        "nadia.ferrand", "Nadia", "Ferrand", Role.SECRETARY, "cpts", "Tient les membres, les réunions et les votes."
    ),
    Persona(
        "paul.loret",
        "Paul",
        "Loret",
        Role.MEMBER,
        "cpts",
        "Un infirmier, sur son téléphone : réunions, collègues, tâches.",
    ),
    Persona(
        "lea.marchive",
        "Léa",
        "Marchive",
        Role.MEDICAL_ASSISTANT,
        "cpts",
        "L’accueil d’un cabinet : le territoire, les membres.",
    ),
    Persona(
        "zoe.loret",
        "Zoé",
        "Loret",
        Role.REGULATOR,
        "departement",
        "Au téléphone : trouve un créneau près du patient, et le réserve.",
    ),
    Persona("hugo.bellanger", "Hugo", "Bellanger", Role.ARS_INSTRUCTOR, "region", "Suit les CPTS de la région."),
    Persona("ines.carteron", "Inès", "Carteron", Role.CPAM_INSTRUCTOR, "departement", "Suit les contrats signés."),
    Persona("yann.dubreil", "Yann", "Dubreil", Role.GUICHET_AGENT, "region", "Accompagne les projets, à l’URPS."),
    Persona("ada.instance", "Ada", "Vernhes", Role.INSTANCE_ADMIN, "instance", "Fait tourner l’instance."),
)
