"""What the team of the demonstration has already said of its territory, through the same actions as the screens."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from maillage.core.missions import Mission
from maillage.core.scene import Scene, at_hour
from maillage.geography.models import Commune
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.documents.content import content_of
from maillage.territorial_diagnosis.models import ResourceKind
from maillage.territorial_diagnosis.queries.figures import area_of
from maillage.territorial_diagnosis.rules.catalogue import definitions
from maillage.territorial_diagnosis.rules.opening import parse_hours

# code, numerator, denominator, how many days ago: invented
TYPED = (
    ("sans_medecin_traitant", 6_820, 50_410, 150),
    ("sans_medecin_traitant_ald", 412, 11_260, 150),
    ("depistage_sein", 4_930, 9_870, 300),
    ("flux_soignes_ici", 158_400, 186_300, 200),
)
RESOURCES = (
    (
        ResourceKind.DUTY,
        "Maison médicale de garde de Bergerac (fictive)",
        "24037",
        "Bergeracois, soirs et week-ends",
        "lun-ven 20h-0h ; sam 14h-20h ; dim 9h-12h",
    ),
    (
        ResourceKind.UNSCHEDULED,
        "Centre de soins non programmés de Bergerac (fictif)",
        "24037",
        "Bergeracois",
        "lun mar jeu ven 9h-12h30, 14h-18h ; sam 9h-12h",
    ),
    (ResourceKind.CLS, "Contrat local de santé du Grand Bergeracois (fictif)", "24037", "EPCI", ""),
    (ResourceKind.ASSOCIATION, "Réseau « Bien vieillir en Bergeracois » (fictif)", "24340", "Canton", ""),
)
PRIORITIES = (
    (
        "Trouver un médecin traitant aux patients en ALD",
        "412 patients en ALD sans médecin traitant.",
        Mission.ACCESS,
        ["sans_medecin_traitant_ald", "lib_10G"],
    ),
    (
        "Raccourcir l’attente pour un soin non programmé",
        "Des communes du nord sont loin des urgences.",
        Mission.ACCESS,
        ["urgences_minutes", "acc_10G"],
    ),
    (
        "Dépister davantage le cancer du sein",
        "Une femme sur deux n’est pas à jour.",
        Mission.PREVENTION,
        ["depistage_sein"],
    ),
)


def tell(scene: Scene) -> None:
    actions.refresh_computed(at=timezone.now())
    _enrich(scene)


@transaction.atomic
def _enrich(scene: Scene) -> None:
    """Figures typed, resources, priorities, and one version frozen some days ago."""
    cpts, by, today = scene.cpts, scene.coordinator, scene.today

    def at(days: int) -> datetime:
        return at_hour(today - timedelta(days=days), 9, 15)

    for code, numerator, denominator, days in TYPED:
        actions.type_figure(
            cpts=cpts,
            definition=definitions()[code],
            numerator=numerator,
            denominator=denominator,
            on=today - timedelta(days=days),
            source="CPAM, requête locale (chiffre inventé)",
            by=by,
            at=at(days - 5),
        )
    for kind, name, commune, scope, hours in RESOURCES:
        actions.add_resource(
            cpts=cpts,
            by=by,
            at=at(90),
            commune=Commune.objects.get(pk=commune),
            kind=kind,
            name=name,
            scope=scope,
            contact="",
            opening=parse_hours(hours),
            source="Équipe",
        )
    for title, why, mission, indicators in PRIORITIES:
        actions.add_priority(cpts=cpts, title=title, why=why, mission=mission, indicators=indicators, by=by, at=at(60))
    area = area_of(cpts, with_draft=True)
    assert area
    content = content_of(cpts, area, on=today - timedelta(days=5))
    actions.freeze(cpts=cpts, title="Dialogue de gestion", content=content, by=by, at=at(5))
