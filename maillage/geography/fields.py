"""A form field for a commune, told the way people tell it."""

import re
from typing import Any

from django import forms

from maillage.core.sql.rows import Columns, read_one
from maillage.core.text import listed, normalised, plural
from maillage.geography.models import LONG_FIELDS, Commune
from maillage.geography.queries import places_by_key
from maillage.geography.rules.codes import departement_of

NAMED = 5
SHORT = Columns(Commune, *(field.name for field in Commune._meta.concrete_fields if field.name not in LONG_FIELDS))
WITH_CODE = re.compile(r".+ \((?P<code>[0-9][0-9AB][0-9]{3})\)")


def commune_text(commune: Commune | None) -> str:
    """A commune as the field reads it back, whatever its homonyms: Bergerac (24037)."""
    return f"{commune.name} ({commune.code})" if commune else ""


class CommuneField(forms.CharField):
    """A commune by name, postal or INSEE code; None when nothing is typed. One query, two when it is found.

    Of homonyms, the one of `departement` is meant, when a form says which it is.
    """

    departement = ""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if match := WITH_CODE.fullmatch(text):  # some INSEE codes are postal codes elsewhere: here it is no doubt INSEE
            known = read_one(SHORT, "one.code = %s AND one.merged_into_id IS NULL", [match["code"]])
            if known:
                return known
        key = normalised(match["code"] if match else text)
        places = {place.code: place for place in places_by_key([key])[key]}
        near = {code: place for code, place in places.items() if departement_of(code) == self.departement}
        places = near or places
        if len(places) > 1:
            named = listed(f"{place.commune} ({place.code})" for place in list(places.values())[:NAMED])
            more = len(places) - NAMED
            others = f", et {more} {plural(more, 'autre')}" if more > 0 else ""
            raise forms.ValidationError(
                f"Plusieurs communes répondent à ce nom : {named}{others}. Tapez le code postal, ou le code INSEE."
            )
        if not places:
            raise forms.ValidationError("Aucune commune de ce nom. Essayez son code postal ou son code INSEE.")
        return Commune.objects.defer(*LONG_FIELDS).get(code=next(iter(places)))
