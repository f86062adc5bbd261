"""Forms of meetings: the shape of what is typed; what is allowed is decided by the actions."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from maillage.core.addresses import EmailField
from maillage.core.screens.fields import LAST_DAY, TOO_FAR, HourField, NameField
from maillage.cpts.models import Cpts
from maillage.meetings.actions import SheetLine, state_of
from maillage.meetings.models import Choice, Meeting, MeetingKind, Participant, PollOption
from maillage.meetings.models.meeting import MISSIONS
from maillage.members.models import Body, College, Membership
from maillage.records.screens.files import DocumentField

FIRST_DAY = date(2000, 1, 1)  # a meeting of the past may be written down
EARLY = timedelta(hours=3)  # nobody signs earlier than that before a meeting
HOUR_HELP = "Par exemple 20 h ou 20 h 30."


def instant(day: date, hour: time) -> datetime:
    """A day and an hour on the clock that people read, as an instant that compares with any other."""
    return datetime.combine(day, hour, tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def after(start: datetime, hour: time) -> datetime:
    """The first time the clock tells that hour after `start`: 0 h 30 is the day after a meeting of 20 h."""
    day = timezone.localdate(start)
    moment = instant(day, hour)
    return moment if moment > start else instant(day + timedelta(days=1), hour)


class SpanForm(forms.Form):
    """A day, from an hour to another."""

    on = forms.DateField(
        localize=True,
        label="Date",
        help_text="Par exemple 03/12/2026.",
        validators=[MinValueValidator(FIRST_DAY, TOO_FAR), MaxValueValidator(LAST_DAY, TOO_FAR)],
    )
    starts = HourField(label="De", help_text=HOUR_HELP)
    ends = HourField(label="À", help_text=HOUR_HELP)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        on, starts, ends = data.get("on"), data.get("starts"), data.get("ends")
        if on and starts and ends:
            if ends <= starts:
                self.add_error("ends", "La fin vient avant le début.")
            data["starts_at"], data["ends_at"] = instant(on, starts), instant(on, ends)
            if ends > starts and data["ends_at"] <= data["starts_at"]:  # the night when clocks change
                self.add_error("ends", "Cette nuit-là l’heure change : la fin viendrait avant le début.")
        return data


NOT_KEPT = ("on", "starts", "ends", "late_reason")


class MeetingForm(SpanForm):
    """One meeting. Without a date, one is looked for together."""

    title = forms.CharField(
        label="Intitulé", max_length=160, help_text="Ne nommez jamais un patient, même pour une concertation."
    )
    kind = forms.ChoiceField(label="Nature", choices=MeetingKind.choices)
    mission = forms.ChoiceField(
        label="Mission de la CPTS", choices=[("", "Aucune en particulier"), *MISSIONS], required=False
    )
    place = forms.CharField(label="Lieu", max_length=200, required=False)
    video_link = forms.URLField(label="Lien de visioconférence", max_length=300, required=False, assume_scheme="https")
    capacity = forms.IntegerField(
        label="Nombre de places", min_value=1, max_value=5000, required=False, help_text="Vide : pas de limite."
    )
    agenda = forms.CharField(
        label="Ordre du jour",
        required=False,
        max_length=5_000,
        widget=forms.Textarea({"rows": 5}),
        help_text="Un point par ligne : le compte rendu partira de là.",
    )
    late_reason = forms.CharField(
        label="Pourquoi convoquer hors délai", max_length=300, required=False, widget=forms.HiddenInput
    )
    is_open = forms.BooleanField(
        label="Ouverte à qui n’est pas invité",
        required=False,
        help_text="Une personne de passage peut alors signer avec un code reçu par courriel.",
    )
    field_order = (
        "title",
        "kind",
        "mission",
        "on",
        "starts",
        "ends",
        "place",
        "video_link",
        "capacity",
        "agenda",
        "is_open",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("on", "starts", "ends"):
            self.fields[name].required = False
        self.fields["on"].help_text = "Par exemple 03/12/2026. Vide : elle se choisira par un sondage."

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        given = [bool(data.get(name)) for name in ("on", "starts", "ends")]
        if any(given) and not all(given) and not self.errors:
            self.add_error("starts", "Donnez la date, l’heure de début et l’heure de fin, ou aucune des trois.")
        return data

    def ask_why(self, refusal: str) -> None:
        """The statutes want more notice: show the field where one says why."""
        self.fields["late_reason"].widget = forms.TextInput()
        self.add_error("late_reason", refusal)

    def fields_to_keep(self) -> dict[str, Any]:
        data = self.cleaned_data
        kept = {name: data[name] for name in self.fields if name not in NOT_KEPT}
        return kept | {"starts_at": data.get("starts_at"), "ends_at": data.get("ends_at")}


def initial_of(meeting: Meeting) -> dict[str, Any]:
    """A meeting as its form shows it."""
    shown = {name: getattr(meeting, name) for name in MeetingForm.base_fields if name not in NOT_KEPT}
    if meeting.starts_at and meeting.ends_at:
        start, end = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
        shown |= {"on": start.date(), "starts": start.time(), "ends": end.time()}
    return shown


class AudienceForm(forms.Form):
    """A group of members, or the whole territory."""

    group = forms.ChoiceField(label="Un groupe")

    def __init__(self, *args: Any, cpts: Cpts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleges = College.objects.filter(cpts=cpts).order_by("name").values_list("pk", "name")
        self.fields["group"].choices = [  # type: ignore[attr-defined]
            ("members", "Tous les membres"),
            *((f"college-{pk}", f"Collège : {name}") for pk, name in colleges),
            *((f"body-{code}", f"Mandats : {label}") for code, label in Body.choices),
            ("territory", "Tous les professionnels du territoire, membres ou non"),
        ]


class PersonForm(forms.Form):
    """Somebody who is no member."""

    name = NameField(label="Nom et prénom", max_length=160)
    email = EmailField(label="Adresse électronique", required=False)
    occupation = forms.CharField(label="Profession ou fonction", max_length=80, required=False)


class RegisterForm(forms.Form):
    """Somebody who comes of their own accord."""

    name = NameField(label="Votre nom et prénom", max_length=160)
    occupation = NameField(label="Votre profession ou fonction", max_length=80, required=False)
    email = EmailField(
        label="Votre adresse électronique", help_text="Un message y arrive, pour confirmer que vous venez."
    )
    # Hidden from people by the page: only a robot fills it.
    site = forms.CharField(label="Ne remplissez pas ce champ", required=False, max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Motif", max_length=300)


class DocumentForm(forms.Form):
    name = forms.CharField(label="Titre du document", max_length=120)
    file = DocumentField(label="Fichier")


class CloseForm(forms.Form):
    ended = HourField(label="Terminée à", help_text=HOUR_HELP)


class MinutesForm(forms.Form):
    text = forms.CharField(label="Compte rendu", max_length=60_000, widget=forms.Textarea({"rows": 16}), required=False)


class DecisionForm(forms.Form):
    text = forms.CharField(label="Décision", max_length=500)


class TaskForm(forms.Form):
    """One thing to do, by one of those who were there or any member."""

    text = forms.CharField(label="Tâche", max_length=300)
    owner = forms.ModelChoiceField(
        Membership.objects.none(), label="Qui", required=False, empty_label="Personne encore"
    )
    due_on = forms.DateField(localize=True, label="Pour le", required=False, help_text="Par exemple 15/01/2027.")

    def __init__(self, *args: Any, cpts: Cpts, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        members = Membership.objects.of(cpts).current().select_related("cpts").order_by("search_name")
        self.fields["owner"].queryset = members  # type: ignore[attr-defined]

    def clean_due_on(self) -> date | None:
        day: date | None = self.cleaned_data["due_on"]
        if day and day < self.today:
            raise forms.ValidationError("Donnez une date à venir.")
        return day


class PollForm(forms.Form):
    """Which of the dates suit. One set of radio buttons a date."""

    def __init__(self, *args: Any, options: Iterable[PollOption], labels: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option in options:
            self.fields[f"d{option.pk}"] = forms.ChoiceField(
                label=labels[option.pk], choices=Choice.choices, widget=forms.RadioSelect, required=False
            )

    def choices(self) -> dict[int, str]:
        return {int(name[1:]): value for name, value in self.cleaned_data.items() if value}


class AddressForm(forms.Form):
    """Who stands in the room without their link."""

    email = EmailField(label="Votre adresse électronique")
    name = forms.CharField(label="Votre nom et prénom", max_length=160, required=False)
    occupation = forms.CharField(label="Votre profession ou fonction", max_length=80, required=False)

    def __init__(self, *args: Any, is_open: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_open:
            self.fields["name"].help_text = "Si vous n’étiez pas invité·e."
        else:
            del self.fields["name"], self.fields["occupation"]


class CodeForm(forms.Form):
    email = EmailField(widget=forms.HiddenInput)
    code = forms.CharField(
        label="Code à six chiffres",
        max_length=12,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class SheetForm(forms.Form):
    """The sheet, one line a participant: there or not, from when to when."""

    def __init__(self, *args: Any, meeting: Meeting, people: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert meeting.starts_at
        assert meeting.ends_at
        self.meeting, self.people = meeting, people
        self.starts, self.ends = timezone.localtime(meeting.starts_at), timezone.localtime(meeting.ends_at)
        for person in people:
            held = getattr(person, "presence", None)
            self.fields[f"here-{person.pk}"] = forms.BooleanField(
                label="Présence", required=False, initial=person.is_present
            )
            self.fields[f"from-{person.pk}"] = self._hour("Arrivée", held.arrived_at if held else None)
            self.fields[f"to-{person.pk}"] = self._hour("Départ", held.left_at if held else None)
            self.fields[f"was-{person.pk}"] = forms.CharField(
                required=False, initial=state_of(held), widget=forms.HiddenInput
            )
        self.fields["reason"] = forms.CharField(
            label="Pourquoi ces corrections",
            max_length=200,
            required=False,
            help_text="Seulement si vous changez une présence déjà écrite : le motif reste dans la trace.",
        )

    def _hour(self, label: str, moment: datetime | None) -> HourField:
        shown = timezone.localtime(moment).time().replace(second=0, microsecond=0) if moment else None
        return HourField(label=label, required=False, initial=shown, widget=forms.TextInput({"size": 7}))

    def rows(self) -> list[tuple[Participant, list[forms.BoundField]]]:
        return [
            (person, [self[f"{name}-{person.pk}"] for name in ("here", "from", "to", "was")]) for person in self.people
        ]

    def lines(self) -> list[SheetLine]:
        return [self._line(person) for person in self.people]

    def _line(self, person: Participant) -> SheetLine:
        here, start, end, was = (self.cleaned_data[f"{name}-{person.pk}"] for name in ("here", "from", "to", "was"))
        if not here:
            return SheetLine(person, None, None, was or None)
        arrived = self._arrival(start) if start else self.starts
        left = after(arrived, end) if end else (self.ends if self.meeting.is_over else None)
        return SheetLine(person, arrived, left, was or None)

    def _arrival(self, hour: time) -> datetime:
        """That hour on the day of the meeting; past midnight, on the next when the meeting reaches it."""
        moment = instant(self.starts.date(), hour)
        next_day = instant(self.starts.date() + timedelta(days=1), hour)
        return next_day if moment < self.starts - EARLY and next_day < self.ends else moment
