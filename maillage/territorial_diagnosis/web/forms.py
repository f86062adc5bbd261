"""Forms of the diagnosis: the shape of what is typed; what is allowed is decided by the actions."""

from datetime import date
from typing import Any

from django import forms

from maillage.geography.fields import CommuneField
from maillage.territorial_diagnosis.models import MISSION_CHOICES, THEME_CHOICES, ResourceKind
from maillage.territorial_diagnosis.rules.catalogue import Definition, Kind
from maillage.territorial_diagnosis.rules.cells import NotANumber, number
from maillage.territorial_diagnosis.rules.opening import LONGEST, HoursUnreadable, parse_hours

EARLIEST = date(2000, 1, 1)


class FrenchNumberField(forms.CharField):
    """1 234,5 as people type it; never negative."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = number(text)
        except NotANumber as error:
            raise forms.ValidationError("Tapez un nombre, par exemple 1 234 ou 12,5.") from error
        if amount is None and self.required:
            raise forms.ValidationError("Tapez un nombre : ce qui n’est pas publié ne se saisit pas.")
        if amount is not None and amount < 0:
            raise forms.ValidationError("Un effectif n’est jamais négatif.")
        return amount


class FigureForm(forms.Form):
    """One figure of the CPTS's own."""

    indicator = forms.ChoiceField(label="Indicateur")
    numerator = FrenchNumberField(label="Effectif ou numérateur", max_length=20)
    denominator = FrenchNumberField(
        label="Dénominateur",
        max_length=20,
        required=False,
        help_text="Sur combien de personnes : il sert à calculer le taux.",
    )
    on = forms.DateField(label="Date du chiffre", help_text="Par exemple 30/06/2026.")
    source = forms.CharField(label="Source", max_length=200, help_text="Par exemple : CPAM, requête du 12 juin 2026.")

    def __init__(self, *args: Any, known: dict[str, Definition], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["denominator"].asked_in_some_cases = True  # type: ignore[attr-defined]  # a rate needs it
        by_hand = [(code, definition.label) for code, definition in known.items() if definition.by_hand]
        others = [
            (code, definition.label)
            for code, definition in known.items()
            if not definition.by_hand and not definition.is_custom
        ]
        self.fields["indicator"].choices = [  # type: ignore[attr-defined]
            ("À saisir", by_hand),
            ("Notre compte, à côté du chiffre publié", others),
        ]

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if not EARLIEST <= on <= self.today:
            raise forms.ValidationError("Donnez une date passée, depuis 2000.")
        return on


class OpeningField(forms.CharField):
    """Opening hours of a week, as people write them."""

    def __init__(self) -> None:
        super().__init__(
            label="Horaires d’ouverture",
            required=False,
            max_length=LONGEST,
            help_text="Par exemple : lun-ven 9h-12h, 14h-19h ; sam 9h-12h.",
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    def clean(self, value: Any) -> Any:
        """Triples of rules.opening."""
        try:
            return parse_hours(super().clean(value))
        except HoursUnreadable as error:
            raise forms.ValidationError(str(error), code="hours") from error


class ResourceForm(forms.Form):
    """Something that exists on the territory."""

    kind = forms.ChoiceField(label="Nature", choices=ResourceKind.choices)
    name = forms.CharField(label="Nom", max_length=160)
    commune = CommuneField(label="Commune", required=False, max_length=80, help_text="Nom, code postal ou code INSEE.")
    scope = forms.CharField(
        label="Portée", required=False, max_length=160, help_text="Par exemple : canton, département."
    )
    contact = forms.CharField(label="Contact", required=False, max_length=160)
    opening = OpeningField()
    source = forms.CharField(label="Source", max_length=160, help_text="D’où vous le tenez, et quand.")


class HoursForm(forms.Form):
    """When something that exists is open. `was`: as it was told when the page was read."""

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    opening = OpeningField()


class PriorityForm(forms.Form):
    """One need, and the mission that answers it."""

    title = forms.CharField(label="Besoin", max_length=160)
    why = forms.CharField(
        label="Ce qui le montre", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    mission = forms.ChoiceField(label="Mission qui y répond", choices=MISSION_CHOICES)
    indicators = forms.MultipleChoiceField(
        label="Indicateurs", required=False, help_text="Ceux qui diront si le besoin recule."
    )

    def __init__(self, *args: Any, known: dict[str, Definition], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicators"].choices = [(code, definition.label) for code, definition in known.items()]  # type: ignore[attr-defined]


class FreezeForm(forms.Form):
    """The name of a version."""

    title = forms.CharField(
        label="Nom de la version", max_length=120, help_text="Par exemple : dossier déposé à l’ARS."
    )


class FileForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label="Fichier", help_text="CSV, XLSX ou ODS, avec une colonne de codes INSEE de communes ; 10 Mo au plus."
    )


class MapForm(forms.Form):
    """Which columns say what, and what the indicator is."""

    code = forms.ChoiceField(label="Colonne des codes INSEE")
    value = forms.ChoiceField(label="Colonne des valeurs")
    kind = forms.ChoiceField(
        label="Ces valeurs sont",
        choices=[
            (Kind.COUNT.value, "des effectifs (à additionner)"),
            (Kind.MEAN.value, "des taux ou des moyennes (à pondérer)"),
            (Kind.RATE.value, "le numérateur d’un taux (dénominateur dans une autre colonne)"),
        ],
    )
    base = forms.ChoiceField(
        label="Colonne du dénominateur ou du poids", required=False, help_text="Sans elle, les habitants de la commune."
    )
    label = forms.CharField(label="Nom de l’indicateur", max_length=80)
    unit = forms.CharField(label="Unité", max_length=40, help_text="Par exemple : %, patients, logements.")
    theme = forms.ChoiceField(label="Thème", choices=THEME_CHOICES)
    definition = forms.CharField(label="Définition", max_length=400)
    source = forms.CharField(label="Source", max_length=200, help_text="Producteur et titre du fichier.")
    vintage = forms.CharField(label="Millésime", max_length=20, help_text="Année ou date de la donnée : 2024.")
    licence = forms.CharField(label="Licence", required=False, max_length=100)

    def __init__(self, *args: Any, header: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(name, name) for name in header]
        for name in ("code", "value"):
            self.fields[name].choices = columns  # type: ignore[attr-defined]
        self.fields["base"].choices = [("", "aucune"), *columns]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("code") and data.get("code") == data.get("value"):
            self.add_error("value", "La colonne des valeurs n’est pas celle des codes.")
        if data.get("kind") == Kind.RATE and not data.get("base"):
            self.add_error("base", "Choisissez la colonne du dénominateur.")
        return data
