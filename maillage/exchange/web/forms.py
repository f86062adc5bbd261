"""What a person chooses to receive."""

from django import forms

from maillage.exchange.models import CHOSEN_KINDS


class ChoicesForm(forms.Form):
    """Kinds of messages accepted, one box each."""

    accepted = forms.MultipleChoiceField(
        label="Je veux bien recevoir",
        choices=[(kind.value, kind.label) for kind in CHOSEN_KINDS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    weekdays_only = forms.BooleanField(label="Rien le samedi ni le dimanche", required=False)
