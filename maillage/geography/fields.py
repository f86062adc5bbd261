"""A form field for a commune, told the way people tell it."""

from typing import Any

from django import forms

from maillage.core.text import listed, normalised
from maillage.geography.models import Commune
from maillage.geography.queries import places_by_key

NAMED = 5


class CommuneField(forms.CharField):
    """A commune by name, postal or INSEE code; None when nothing is typed. One query, two when it is found."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        key = normalised(text)
        found = {place.code: place for place in places_by_key([key])[key]}
        if len(found) > 1:
            named = listed(f"{place.commune} ({place.code})" for place in list(found.values())[:NAMED])
            raise forms.ValidationError(f"Plusieurs communes répondent à ce nom : {named}. Tapez le code INSEE.")
        if not found:
            raise forms.ValidationError("Aucune commune de ce nom. Essayez son code postal ou son code INSEE.")
        return Commune.objects.defer("outline", "neighbours").get(code=next(iter(found)))
