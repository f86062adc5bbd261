"""Electronic addresses: one spelling each. Letters that only look alike make another address, of somebody else."""

from django import forms
from django.core.exceptions import ValidationError

NOT_PLAIN = "Une adresse électronique s’écrit sans accent ni lettre particulière : vérifiez celle-ci."


def check_plain(address: str) -> None:
    """Refuse what is not ASCII: a database folds « ı » and « ſ » into i and s, a mail server does not.

    Raises ValidationError.
    """
    if not address.isascii():
        raise ValidationError(NOT_PLAIN, code="not-plain")


class EmailField(forms.EmailField):
    """An address in plain letters."""

    default_validators = [*forms.EmailField.default_validators, check_plain]
