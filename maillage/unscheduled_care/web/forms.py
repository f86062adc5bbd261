"""Small forms of the desk, the coordinator and the patient."""

from typing import Any

from django import forms
from django.http import QueryDict

from maillage.core.screens.fields import DayField, PhoneField
from maillage.core.secrecy.sealing import NoSealingKey, can_seal
from maillage.unscheduled_care.actions.booking import read_code
from maillage.unscheduled_care.models import CareSettings
from maillage.unscheduled_care.models.settings import TARGETS
from maillage.unscheduled_care.rules.identifiers import bare_finess


class AnswerForm(forms.Form):
    """What was answered to a difficulty; one form a difficulty on the page."""

    answer = forms.CharField(
        label="Réponse",
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Écrivez ce qui a été répondu."},
    )

    def __init__(self, data: QueryDict | None = None, *, difficulty: int) -> None:
        super().__init__(data, auto_id=f"difficulty-{difficulty}-%s")
        self.difficulty = difficulty


class CancelForm(forms.Form):
    """What a patient was read: a code, for a day."""

    code = forms.CharField(
        label="Code à 8 chiffres",
        max_length=20,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    on = DayField(label="Jour du rendez-vous", help_text="Par exemple 3 décembre 2026, ou 03/12/2026.")

    def clean_code(self) -> str:
        code = read_code(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError("Ce code a huit chiffres : relisez celui qui vous a été donné.")
        return code


class CareSettingsForm(forms.Form):
    """How the CPTS organises itself."""

    target_hours = forms.TypedChoiceField(label="Délai visé pour un patient", coerce=int, choices=TARGETS)
    phone = PhoneField(label="Numéro de l’accueil unique", required=False)
    finess = forms.CharField(
        label="FINESS de la CPTS", max_length=10, required=False, help_text="Le SAS nomme la CPTS par ce numéro."
    )
    agreed_with_sas_on = DayField(label="Convention avec le SAS signée le", required=False)
    sas_contacts = forms.CharField(
        label="Contacts de la régulation", max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    answer_modes = forms.CharField(
        label="Modes de réponse convenus avec le SAS",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    hds_host = forms.CharField(
        label="Hébergeur certifié HDS de cette instance",
        max_length=120,
        required=False,
        help_text="L’hébergement de données de santé est certifié par l’État : demandez-le à qui tient votre instance.",
    )
    declares_hds = forms.BooleanField(
        label="Je déclare que cette instance est hébergée par cet hébergeur certifié",
        required=False,
        help_text="Sans cette déclaration, aucun patient ne peut être nommé ici ; les créneaux et le SAS fonctionnent.",
    )
    patient_months = forms.IntegerField(
        label="Mois de conservation des données d’un patient après l’issue", min_value=1, max_value=24
    )

    def clean_finess(self) -> str:
        text = self.cleaned_data["finess"]
        finess = bare_finess(text)
        if text and not finess:
            raise forms.ValidationError("Un numéro FINESS a neuf caractères.")
        return finess

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("declares_hds") and not data.get("hds_host"):
            self.add_error("hds_host", "Nommez l’hébergeur que vous déclarez.")
        if data.get("declares_hds") and not can_seal():
            self.add_error("declares_hds", NoSealingKey.user_message)
        return data

    @staticmethod
    def initial_of(care: CareSettings) -> dict[str, Any]:
        names = (
            "target_hours",
            "phone",
            "finess",
            "agreed_with_sas_on",
            "sas_contacts",
            "answer_modes",
            "hds_host",
            "patient_months",
        )
        return {name: getattr(care, name) for name in names} | {"declares_hds": care.may_name_patients}
