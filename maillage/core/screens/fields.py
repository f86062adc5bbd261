"""Form fields for what people type in many ways."""

import re
import unicodedata
from datetime import date, time
from typing import Any

import phonenumbers
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from maillage.core.text import normalised, stream_safe

FRANCE = 33


class PhoneField(forms.CharField):
    """A telephone number as people type it: kept as 0536490017 in France, +32… elsewhere; '' when nothing is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=30, **kwargs)
        self.widget.input_type = "tel"

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        number = phone_number(text)
        if number is None:
            raise forms.ValidationError("Ce numéro n’est pas un numéro de téléphone : par exemple 05 53 00 00 00.")
        return number


ADDRESS = re.compile(r"/|www\.|[\w-]+ ?\.\w{2,}", re.IGNORECASE)
SHORTENED = re.compile(r"\b[A-Z][a-z]{0,3}\.(?=[A-ZÀ-Ý])")  # M.Durand, Dr.Durand


class NameField(forms.CharField):
    """A name or an occupation typed by whoever comes: mailed to others, it must not carry the address of a page."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        read = SHORTENED.sub(" ", unicodedata.normalize("NFKC", stream_safe(text)).replace("。", "."))
        if ADDRESS.search(read):
            raise forms.ValidationError("Écrivez un nom seul, sans adresse de page ni de courriel.", code="address")
        return text


SAID = re.compile(r"(?:[^\W\d]+\s+)?(\d{1,2})(?:er)?\s+([^\W\d]+)\s+(\d{4})")
NAMES = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
MONTHS = {name: number for number, name in enumerate(NAMES, 1)}
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2099, 12, 31)
TOO_FAR = "Vérifiez l’année de cette date."


class DayField(forms.DateField):
    """A day as people type it, of our time: the ends of the calendar have no zone."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = [MinValueValidator(FIRST_DAY, TOO_FAR), MaxValueValidator(LAST_DAY, TOO_FAR)]
        super().__init__(localize=True, validators=bounds, **kwargs)

    def to_python(self, value: Any) -> Any:
        """25/11/2026 and its like; or 25 novembre 2026, as a day is said."""
        match = SAID.fullmatch(value.strip()) if isinstance(value, str) else None
        month = MONTHS.get(normalised(match[2])) if match else None
        return super().to_python(f"{match[1]}/{month}/{match[3]}" if match and month else value)


HOUR = re.compile(r"(\d{1,2})\s*(?:h|:|heures?)?\s*(\d{2})?", re.IGNORECASE)


class HourField(forms.CharField):
    """An hour as people type it: 20 h, 20h30, 20:30, 9; None when nothing is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=10, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.hour} h {value.minute:02d}" if isinstance(value, time) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        match = HOUR.fullmatch(text)
        if not match or int(match[1]) > 23 or int(match[2] or 0) > 59:
            raise forms.ValidationError("Tapez une heure, par exemple 20 h ou 20 h 30.")
        return time(int(match[1]), int(match[2] or 0))


def phone_number(text: str) -> str | None:
    """The number as it is kept; None when this is no telephone number."""
    try:
        number = phonenumbers.parse(text, "FR")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    if number.country_code == FRANCE:
        return f"0{number.national_number}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
