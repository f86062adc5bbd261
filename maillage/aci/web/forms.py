"""The form of a simulation: dates and choices; the scenario itself refuses what cannot be."""

from datetime import date
from typing import Any

from django import forms

from maillage.aci.rules.grid import UnknownAgreement, agreements
from maillage.aci.rules.payments import Proration, Refusal, Scenario
from maillage.core.missions import Mission

DATE_INPUT = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def start_field(mission: Mission) -> str:
    return f"start_{mission.value}"


class SimulationForm(forms.Form):
    """Read from the query string, so that a simulation can be sent as a link."""

    agreement = forms.ChoiceField(label="Version de l’accord")
    taille = forms.ChoiceField(label="Taille", choices=[(str(size), f"Taille {size}") for size in (1, 2, 3, 4)])
    signed_on = forms.DateField(label="Date de signature", widget=DATE_INPUT)
    proration = forms.ChoiceField(
        label="Prorata de la première année",
        choices=[(Proration.MONTHS.value, "par mois entiers"), (Proration.DAYS.value, "par jours")],
    )
    variable_percent = forms.IntegerField(
        label="Part variable obtenue, en %",
        min_value=0,
        max_value=100,
        help_text="100 % : tous les objectifs atteints.",
    )
    with_snp_supplement = forms.BooleanField(label="Compter le volet supplémentaire SNP (2019)", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreement"].choices = [(agreement.id, agreement.label) for agreement in agreements().values()]  # type: ignore[attr-defined]
        for mission in Mission:
            self.fields[start_field(mission)] = forms.DateField(
                label=f"Démarrage : {mission.label}", required=False, widget=DATE_INPUT
            )
        self.scenario: Scenario | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                self.scenario = self._scenario(data)
            except Refusal as refusal:
                self.add_error(self._field_of(refusal), str(refusal))
            except UnknownAgreement as error:
                self.add_error("agreement", str(error))
        return data

    def _scenario(self, data: dict[str, Any]) -> Scenario:
        starts = {mission: data[start_field(mission)] for mission in Mission if data.get(start_field(mission))}
        return Scenario(
            agreement=data["agreement"],
            size=int(data["taille"]),
            signed_on=data["signed_on"],
            starts=starts,
            proration=Proration(data["proration"]),
            with_snp_supplement=data["with_snp_supplement"],
            variable_percent=data["variable_percent"],
        )

    def _field_of(self, refusal: Refusal) -> str:
        return refusal.field if refusal.field in self.fields else start_field(Mission(refusal.field))


def default_values(*, size: int, agreement: str, signed_on: date, starts: dict[Mission, date]) -> dict[str, str]:
    """What the form holds before anything is typed."""
    return {
        "agreement": agreement,
        "taille": str(size),
        "signed_on": signed_on.isoformat(),
        "proration": Proration.MONTHS.value,
        "variable_percent": "100",
        **{start_field(mission): day.isoformat() for mission, day in starts.items()},
    }
