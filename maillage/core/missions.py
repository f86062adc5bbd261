"""Codes of the missions of the ACI: the one vocabulary that the grid, the screens and the missions share."""

from enum import StrEnum


class Mission(StrEnum):
    """Missions of a CPTS, under the codes used by the grids (docs: GLOSSARY)."""

    ACCESS = "ACC"
    PATHWAYS = "PAR"
    PREVENTION = "PRE"
    CRISIS = "CRI"
    QUALITY = "QUA"
    SUPPORT = "APS"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Mission.ACCESS: "Accès aux soins",
    Mission.PATHWAYS: "Parcours pluriprofessionnels",
    Mission.PREVENTION: "Prévention",
    Mission.CRISIS: "Réponse aux crises sanitaires graves",
    Mission.QUALITY: "Qualité et pertinence",
    Mission.SUPPORT: "Accompagnement des professionnels de santé",
}
