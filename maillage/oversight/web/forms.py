"""Forms of those who approve."""

from django import forms


class DecisionForm(forms.Form):
    """A refusal says why."""

    reason = forms.CharField(
        label="Motif",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="Demandé pour un refus : l’équipe le lira.",
    )
