"""Forms of a request: four fields to start."""

from django import forms

from maillage.geography.fields import CommuneField
from maillage.unscheduled_care.models import Outcome
from maillage.unscheduled_care.screens.finding import CHOICES


class RequestForm(forms.Form):
    """Who, where, what, how soon; the rest is folded."""

    who = forms.CharField(
        label="Qui", max_length=160, help_text="Nom, prénom, date de naissance si vous l’avez, téléphone où rappeler."
    )
    commune = CommuneField(label="Où", max_length=120, help_text="La commune où se trouve le patient.")
    what = forms.CharField(label="Quoi", max_length=500, widget=forms.Textarea({"rows": 3}))
    hours = forms.TypedChoiceField(
        label="Pour quand",
        coerce=int,
        choices=[(12, "aujourd’hui"), (24, "24 h"), (48, "48 h")],
        widget=forms.RadioSelect,
    )
    doctor = forms.CharField(label="Médecin traitant", max_length=80, required=False)
    group = forms.ChoiceField(label="Profession", choices=CHOICES, initial="10G")


class PatientSearchForm(forms.Form):
    """Sent, never in an address: whom one looks for is a patient."""

    text = forms.CharField(
        label="Retrouver un patient",
        max_length=160,
        help_text="Nom, téléphone ou date de naissance, en entier.",
        error_messages={"required": "Écrivez un nom, un téléphone ou une date de naissance."},
    )


class MessageForm(forms.Form):
    text = forms.CharField(
        label="Message",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Écrivez un message.", "max_length": "500 caractères au plus."},
    )


NOT_SAID = (Outcome.BOOKED, Outcome.EXPIRED)  # what a slot of ours does, and what time does


class EndForm(forms.Form):
    """How it ends, when no slot of ours did it."""

    outcome = forms.ChoiceField(
        label="Issue",
        choices=[choice for choice in Outcome.choices if choice[0] not in NOT_SAID],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choisissez l’issue de la demande."),
    )
