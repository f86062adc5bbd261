"""Forms of an agenda: the shape of what is typed; what is allowed is decided by the actions."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format

from maillage.core.screens.fields import DayField, HourField, PhoneField
from maillage.core.templatetags.maillage import day as day_text
from maillage.cpts.models import Cpts
from maillage.geography.fields import CommuneField, commune_text
from maillage.geography.rules.clocks import zone_of
from maillage.unscheduled_care.actions import Opening
from maillage.unscheduled_care.loading.fetching import MOST_BYTES
from maillage.unscheduled_care.models import Effector, Reserved, Schedule
from maillage.unscheduled_care.queries.places import departement_of_place
from maillage.unscheduled_care.rules.identifiers import bare_finess, bare_siret
from maillage.unscheduled_care.rules.series import Span, days_of_rule, instant, slots_between
from maillage.unscheduled_care.rules.slots import KIND_LABELS, MODE_LABELS, Kind, Mode, kinds_from, modes_from

WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
MORNING, AFTERNOON = (time(8), time(12, 30)), (time(13, 30), time(19))
FURTHEST = timedelta(days=366)
REASONS_HELP = "Séparés par des virgules ; vide : tous. Par exemple : fièvre, petite traumatologie."


class PlaceChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """One of one's own places."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Lieu", queryset=Schedule.objects.none(), empty_label=None, **kwargs)


class AudienceMixin(forms.Form):
    """To whom slots are shown. Nothing is ticked before somebody ticks it."""

    kinds = forms.MultipleChoiceField(
        label="Visible par",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(str(kind.name), label) for kind, label in KIND_LABELS.items()],
        help_text="Rien de coché : personne d’autre que vous ne les voit.",
    )
    cpts = forms.ModelMultipleChoiceField(
        label="CPTS", queryset=Cpts.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def set_cpts(self, effector: Effector) -> None:
        """Those of the professional; where there is one, ticking « CPTS » says it."""
        own = Cpts.objects.filter(pk__in=effector.links.in_force().values("cpts"))
        field = self.fields["cpts"]
        field.queryset = own  # type: ignore[attr-defined]
        self.own_cpts = list(own)
        if len(self.own_cpts) < 2:
            del self.fields["cpts"]
        if len(self.own_cpts) == 1:
            labels = KIND_LABELS | {Kind.CPTS: self.own_cpts[0].with_article}
            self.fields["kinds"].choices = [(str(kind.name), label) for kind, label in labels.items()]  # type: ignore[attr-defined]

    def audience(self) -> tuple[Kind, Sequence[Cpts]]:
        kinds = kinds_from(self.cleaned_data["kinds"])
        if not kinds & Kind.CPTS:
            return kinds, []
        chosen = list(self.cleaned_data["cpts"]) if "cpts" in self.fields else self.own_cpts
        return kinds, chosen


class OpenSlotsForm(AudienceMixin):
    """Slots one after the other, one day or every week."""

    place = PlaceChoice()
    on = DayField(label="Date", help_text="Par exemple 03/12/2026.")
    starts = HourField(label="De", help_text="Par exemple 9 h.")
    ends = HourField(label="À", help_text="Par exemple 10 h 30.")
    minutes = forms.IntegerField(label="Durée d’un créneau (minutes)", min_value=5, max_value=720, initial=20)
    modes = forms.MultipleChoiceField(
        label="Comment",
        widget=forms.CheckboxSelectMultiple,
        initial=["AMB"],
        choices=[(str(mode.name), label) for mode, label in MODE_LABELS.items()],
    )
    walk_in = forms.BooleanField(
        label="Sans rendez-vous",
        required=False,
        help_text="Toute la plage est un seul créneau : les patients y sont adressés, sans être inscrits.",
    )
    reasons = forms.CharField(label="Motifs acceptés", required=False, max_length=400, help_text=REASONS_HELP)
    reserved_for = forms.ChoiceField(label="Réservé à", choices=Reserved.choices, required=False)
    until = DayField(label="Répéter chaque semaine jusqu’au", required=False, help_text="Vide : ce jour-là seulement.")
    weekdays = forms.MultipleChoiceField(
        label="Les jours",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
        help_text="Rien de coché : le même jour que la date ci-dessus.",
    )
    except_on = forms.CharField(
        label="Sauf le",
        required=False,
        max_length=300,
        help_text="Des dates séparées par des virgules : 24/12/2026, 31/12/2026.",
    )
    field_order = (
        "place",
        "on",
        "starts",
        "ends",
        "minutes",
        "kinds",
        "cpts",
        "modes",
        "walk_in",
        "reasons",
        "reserved_for",
        "until",
        "weekdays",
        "except_on",
    )

    def __init__(self, *args: Any, effector: Effector, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_places(self, effector)
        self.set_cpts(effector)

    def clean_except_on(self) -> list[date]:
        return [
            self._date(text) for text in self.cleaned_data["except_on"].replace(";", ",").split(",") if text.strip()
        ]

    def _date(self, text: str) -> date:
        day: date = DayField().clean(text.strip())
        return day

    def clean_reasons(self) -> list[str]:
        return [reason.strip()[:80] for reason in self.cleaned_data["reasons"].split(",") if reason.strip()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts") and data.get("ends") and data["ends"] <= data["starts"]:
            self.add_error("ends", "La fin vient avant le début.")
        if data.get("on") and data.get("until"):
            if data["until"] < data["on"]:
                self.add_error("until", "La répétition finit avant de commencer.")
            elif data["until"] - data["on"] > FURTHEST:
                self.add_error("until", "Un an au plus à la fois.")
        return data

    @property
    def is_repeated(self) -> bool:
        return bool(self.cleaned_data["until"])

    def spans(self) -> list[Span]:
        """Every slot asked for, by the clock of the place."""
        data = self.cleaned_data
        zone = zone_of(departement_of_place(data["place"]))
        weekdays = {int(number) for number in data["weekdays"]} or {data["on"].weekday()}
        days = days_of_rule(data["on"], data["until"], weekdays, data["except_on"]) if data["until"] else [data["on"]]
        if data["walk_in"]:
            return [(instant(day, data["starts"], zone), instant(day, data["ends"], zone)) for day in days]
        return [
            span for day in days for span in slots_between(day, data["starts"], data["ends"], data["minutes"], zone)
        ]

    def opening(self) -> Opening:
        data = self.cleaned_data
        kinds, cpts = self.audience()
        return Opening(
            modes=modes_from(data["modes"]),
            kinds=kinds,
            cpts=cpts,
            reasons=data["reasons"],
            walk_in=data["walk_in"],
            reserved_for=data["reserved_for"],
        )


class QuickForm(AudienceMixin):
    """« Je peux voir 3 patients demain matin »: the first free times of a half-day."""

    count = forms.TypedChoiceField(
        label="Je peux voir", coerce=int, choices=[(n, f"{n} patient{'s' * (n > 1)}") for n in range(1, 9)], initial=3
    )
    on = forms.TypedChoiceField(label="Quand", coerce=date.fromisoformat)
    half = forms.ChoiceField(label="Moment", choices=[("matin", "le matin"), ("apres-midi", "l’après-midi")])
    place = PlaceChoice()
    field_order = ("count", "on", "half", "place", "kinds", "cpts")

    def __init__(self, *args: Any, effector: Effector, at: datetime, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        names = {0: "aujourd’hui", 1: "demain"}
        days = [today + timedelta(days=number) for number in range(7)]
        self.fields["on"].choices = [  # type: ignore[attr-defined]
            (day.isoformat(), names.get((day - today).days) or f"{date_format(day, 'l')} {day_text(day)}")
            for day in days
        ]
        self.initial.setdefault("on", days[1].isoformat())
        set_places(self, effector)
        self.set_cpts(effector)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"on", "half", "place"} <= data.keys():
            starts, ends = self.window()
            if starts >= ends:
                self.add_error("half", "Ce moment est déjà passé : choisissez-en un autre.")
        return data

    def window(self) -> Span:
        data = self.cleaned_data
        zone = zone_of(departement_of_place(data["place"]))
        starts, ends = MORNING if data["half"] == "matin" else AFTERNOON
        return max(instant(data["on"], starts, zone), _next_quarter(self.at)), instant(data["on"], ends, zone)

    def opening(self) -> Opening:
        kinds, cpts = self.audience()
        return Opening(modes=Mode.AMB, kinds=kinds, cpts=cpts)


def _next_quarter(at: datetime) -> datetime:
    """A professional who says « maintenant » is given a few minutes."""
    late = at + timedelta(minutes=10)
    return late.replace(second=0, microsecond=0) + timedelta(minutes=-late.minute % 15)


def set_places(form: forms.Form, effector: Effector) -> None:
    """Places in use, the first one chosen."""
    places = Schedule.objects.filter(effector=effector, is_closed=False).select_related("commune", "effector")
    field = form.fields["place"]
    field.queryset = places.order_by("pk")  # type: ignore[attr-defined]
    first = places.order_by("pk").first()
    form.initial.setdefault("place", first.pk if first else None)


class ShowForm(AudienceMixin):
    """To whom chosen slots are shown from now on."""

    def __init__(self, *args: Any, effector: Effector, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_cpts(effector)


class PlaceForm(forms.Form):
    """One place of exercise."""

    name = forms.CharField(
        label="Nom du lieu", max_length=120, required=False, help_text="Par exemple : maison de santé."
    )
    street = forms.CharField(label="Adresse", max_length=200)
    commune = CommuneField(label="Commune", max_length=120, help_text="Son nom, son code postal ou son code INSEE.")
    postal_code = forms.RegexField(
        r"^\d{5}$", label="Code postal", error_messages={"invalid": "Un code postal a cinq chiffres."}
    )
    phone = PhoneField(label="Téléphone du lieu", required=False)
    finess = forms.CharField(
        label="FINESS", max_length=10, required=False, help_text="Neuf caractères, si le lieu en a un."
    )
    siret = forms.CharField(label="SIRET", max_length=20, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        commune, code = data.get("commune"), data.get("postal_code")
        if commune and code and commune.postal_codes and code[:2] != commune.postal_codes[:2]:
            self.add_error(
                "postal_code", f"{commune.name} n’a pas ce code postal : {commune.postal_codes.split()[0]} ?"
            )
        return data

    def clean_finess(self) -> str:
        return self._bare("finess", bare_finess, "Un numéro FINESS a neuf caractères.")

    def clean_siret(self) -> str:
        return self._bare("siret", bare_siret, "Un SIRET a quatorze chiffres.")

    def _bare(self, name: str, read: Any, wrong: str) -> str:
        text = self.cleaned_data[name]
        number: str = read(text)
        if text and not number:
            raise forms.ValidationError(wrong)
        return number

    @staticmethod
    def initial_of(place: Schedule) -> dict[str, Any]:
        kept = {name: getattr(place, name) for name in ("name", "street", "postal_code", "phone", "finess", "siret")}
        return kept | {"commune": commune_text(place.commune)}

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data) | {"city": self.cleaned_data["commune"].name}


class AbsenceForm(forms.Form):
    """From a day to another, both inside."""

    first = DayField(label="Du", help_text="Par exemple 03/12/2026.")
    last = DayField(label="Au (inclus)")
    substitute = forms.CharField(label="Remplacé par", max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", "Le dernier jour vient avant le premier.")
        return data


class CalendarForm(forms.Form):
    """An address that is read again, or a file."""

    name = forms.CharField(label="Nom", max_length=80, initial="Mon agenda du cabinet")
    url = forms.CharField(
        label="Adresse du calendrier",
        max_length=500,
        required=False,
        help_text="Le lien « iCal » ou « webcal » de votre agenda : il est relu toutes les quinze minutes.",
    )
    file = forms.FileField(label="Ou un fichier .ics", required=False, help_text="Lu une fois. 5 Mo au plus.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("url")) == bool(data.get("file")):
            self.add_error("url", "Donnez une adresse, ou un fichier.")
        if data.get("file") and data["file"].size > MOST_BYTES:
            self.add_error("file", "Ce fichier dépasse 5 Mo.")
        return data

    def content(self) -> bytes:
        file = self.cleaned_data.get("file")
        return file.read() if file else b""


class HowForm(forms.Form):
    """What is said once: telephone, the SAS, patients « en sus »."""

    phone = PhoneField(
        label="Téléphone professionnel",
        required=False,
        help_text="Le seul que le SAS verra, avec celui de vos lieux.",
    )
    agrees = forms.BooleanField(
        label="J’accepte que mes créneaux paraissent au SAS",
        required=False,
        help_text="Seulement ceux que vous dites visibles. Vous pouvez revenir sur cet accord à tout moment.",
    )
    extra_a_day = forms.IntegerField(
        label="Patients « en sus » par jour",
        min_value=0,
        max_value=20,
        initial=0,
        help_text="Ceux pour qui on peut vous appeler sans créneau ; 0 : aucun.",
    )
