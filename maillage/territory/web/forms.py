"""Forms of the territory: the shape of what is typed; what is allowed is decided by the actions."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from maillage.core.screens.fields import NameField
from maillage.core.text import normalised
from maillage.directory.models import GROUP_CHOICES
from maillage.directory.queries.search import speciality_labels
from maillage.geography.fields import CommuneField
from maillage.geography.models import Departement
from maillage.territory.rules.pasted_list import PlaceKind

PASTE_LIMIT = 1_000_000
LINES_LIMIT = 2_000
UNINHABITED = ("984", "989")  # Terres australes et antarctiques, Clipperton


class FoundCptsForm(forms.Form):
    """Name and département."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["departement"]
        # Alphabetical order as people know it: Côte-d’Or comes before Creuse.
        rows = sorted(
            Departement.objects.exclude(code__in=UNINHABITED), key=lambda departement: normalised(departement.name)
        )
        field.choices = [("", "Choisir…"), *((row.code, str(row)) for row in rows)]  # type: ignore[attr-defined]

    name = NameField(label="Nom de la CPTS", max_length=120, help_text="Par exemple : CPTS du Bergeracois.")
    departement = forms.ModelChoiceField(
        Departement.objects.exclude(code__in=UNINHABITED),
        label="Département",
        empty_label="Choisir…",
        help_text="Celui dont la délégation de l’ARS suivra le projet.",
    )


class ChangeForm(forms.Form):
    """One change of a draft: codes in, codes out, or a whole EPCI."""

    version = forms.RegexField(r"^\d{1,18}-\d{1,9}$")
    epci = forms.CharField(required=False, max_length=9)


class PartForm(forms.Form):
    """A declared part of a commune. The share is typed as a percentage."""

    share = forms.DecimalField(
        label="Part de la population, en %",
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        localize=True,
        error_messages={
            "min_value": "Une part est plus grande que zéro.",
            "max_value": "Une part est de 100 % au plus.",
        },
    )
    source = forms.CharField(
        label="Source de cette part",
        max_length=200,
        required=False,
        help_text="Accord entre les deux CPTS, quartiers INSEE (IRIS)… Demandée dès que la part n’est pas de 100 %.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].asked_in_some_cases = True  # type: ignore[attr-defined]  # not simply optional

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        share = data.get("share")
        if share is not None and share < 100 and not data.get("source"):
            self.add_error("source", "Dites d’où vient cette part : l’ARS et la CPAM la demanderont.")
        return data


class PasteForm(forms.Form):
    """A pasted list. Refusals keep what was typed, unless it is too long to be sent back."""

    text = forms.CharField(
        label="Communes, une par ligne",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="Noms, codes INSEE ou codes postaux, mélangés, copiés d’un tableur ou d’un courriel.",
        error_messages={"required": "Collez au moins une commune."},
    )
    numbers = forms.ChoiceField(
        label="Nombres à cinq chiffres",
        required=False,
        choices=[
            ("", "à reconnaître"),
            (PlaceKind.CODE.value, "des codes INSEE"),
            (PlaceKind.POSTAL_CODE.value, "des codes postaux"),
        ],
    )

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError("Collez au moins une commune.", code="required")
        if len(text) > PASTE_LIMIT or text.count("\n") > LINES_LIMIT:
            self.data = {**{key: self.data[key] for key in self.data}, "text": text[:2000]}
            raise forms.ValidationError(
                "Cette liste est trop longue : collez au plus 2 000 lignes à la fois. "
                "Le périmètre n’a pas changé ; seul le début de votre liste est gardé ici.",
                code="too-long",
            )
        return text


class InForceForm(forms.Form):
    version = forms.RegexField(r"^\d{1,18}-\d{1,9}$", widget=forms.HiddenInput)
    on = forms.DateField(
        label="En vigueur depuis le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = today


class ProfessionalForm(forms.Form):
    """What is asked of the directory. Nothing is compulsory; a commune is told by name, postal or INSEE code."""

    q = forms.CharField(label="Nom", required=False, max_length=100)
    group = forms.ChoiceField(label="Profession", required=False)
    speciality = forms.ChoiceField(label="Savoir-faire", required=False)
    structure = forms.CharField(label="Structure", required=False, max_length=100)
    where = forms.ChoiceField(
        label="Où", required=False, choices=[("", "Dans le territoire"), ("france", "Dans tout l’annuaire")]
    )
    commune = CommuneField(label="Ou autour d’une commune", required=False, max_length=80)
    km = forms.ChoiceField(
        label="Distance",
        required=False,
        choices=[("", "la commune"), *((str(km), f"à {km} km") for km in (5, 10, 20, 30, 50))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", "Toutes")]
        self.fields["group"].choices = every + [(code, label.capitalize()) for code, label in GROUP_CHOICES]  # type: ignore[attr-defined]
        labels = sorted(speciality_labels().items(), key=lambda speciality: normalised(speciality[1]))
        self.fields["speciality"].choices = [("", "Tous"), *labels]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        if asked.get("km") and not asked.get("commune") and "commune" not in self.errors:
            self.add_error("commune", "Dites autour de quelle commune chercher.")
        return asked
