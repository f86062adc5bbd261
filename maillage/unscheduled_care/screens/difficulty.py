"""What a regulator or a desk could not do, typed for the coordinator."""

from django import forms


class DifficultyForm(forms.Form):
    text = forms.CharField(
        label="Ce qui s’est passé",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Ne nommez pas le patient.",
        error_messages={"required": "Dites en quelques mots ce qui s’est passé."},
    )
