"""Forms of governance: what the statutes say, pouvoirs, votes."""

from datetime import date
from typing import Any

from django import forms

from maillage.core.screens.fields import DayField
from maillage.cpts.models import Cpts
from maillage.meetings.assemblies.rules.tally import BLANK, RESOLUTION
from maillage.meetings.models import (
    Ballot,
    BallotMode,
    GoverningKind,
    MajorityKind,
    Meeting,
    MeetingKind,
    Voter,
)
from maillage.records.rules.kinds import PDF_ONLY
from maillage.records.screens.files import DocumentField

MOST_CHOICES = 30


class RuleForm(forms.Form):
    """What the statutes say of one kind of meeting. Nothing typed is nothing required."""

    notice_days = forms.IntegerField(label="Délai de convocation, en jours", min_value=0, max_value=120, required=False)
    quorum_percent = forms.IntegerField(
        label="Quorum, en % des votants",
        min_value=1,
        max_value=100,
        required=False,
        help_text="Présents ou représentés. Vide : pas de quorum.",
    )
    quorum_by_college = forms.BooleanField(label="Le quorum doit être atteint dans chaque collège", required=False)
    proxies_max = forms.IntegerField(
        label="Pouvoirs portés par une personne, au plus",
        min_value=0,
        max_value=50,
        required=False,
        help_text="Vide : les statuts n’en prévoient pas, et aucun n’est accepté.",
    )
    is_weighted = forms.BooleanField(
        label="Chaque collège pèse son poids, quel que soit le nombre de ses votants", required=False
    )
    needs_fee = forms.BooleanField(label="Il faut être à jour de sa cotisation pour voter", required=False)


class TextForm(forms.Form):
    """One version of the statuts or of the règlement intérieur."""

    kind = forms.ChoiceField(label="Texte", choices=GoverningKind.choices)
    adopted_on = forms.DateField(localize=True, label="Adopté le", help_text="Par exemple 12/06/2026.")
    meeting = forms.ModelChoiceField(
        Meeting.objects.none(), label="Par quelle assemblée", required=False, empty_label="Non précisée"
    )
    changes = forms.CharField(label="Ce qui change", max_length=500, required=False, widget=forms.Textarea({"rows": 2}))
    file = DocumentField(label="Le texte", kinds=PDF_ONLY)

    def __init__(self, *args: Any, cpts: Cpts, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        past = Meeting.objects.of(cpts).filter(kind=MeetingKind.ASSEMBLY, starts_at__isnull=False)
        self.fields["meeting"].queryset = past.order_by("-starts_at")  # type: ignore[attr-defined]

    def clean_adopted_on(self) -> date:
        day: date = self.cleaned_data["adopted_on"]
        if day > self.today:
            raise forms.ValidationError("Donnez une date passée ou d’aujourd’hui.")
        return day


class ProxyForm(forms.Form):
    """A pouvoir on paper."""

    giver = forms.ModelChoiceField(Voter.objects.none(), label="Qui le donne")
    holder = forms.ModelChoiceField(Voter.objects.none(), label="À qui")
    signed_on = DayField(label="Papier signé le", help_text="Gardez-le avec la feuille de présence.")

    def __init__(self, *args: Any, meeting: Meeting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        voters = meeting.voters.select_related("participant").order_by("participant__search_name")
        self.fields["giver"].queryset = voters.filter(proxy_given=None)  # type: ignore[attr-defined]
        self.fields["holder"].queryset = voters  # type: ignore[attr-defined]


class BallotForm(forms.Form):
    """One question. Without choices it is a resolution: for, against, abstention."""

    question = forms.CharField(label="Question", max_length=300)
    mode = forms.ChoiceField(label="Manière de voter", choices=BallotMode.choices)
    majority = forms.ChoiceField(label="Majorité", choices=MajorityKind.choices)
    choices = forms.CharField(
        label="Réponses",
        required=False,
        max_length=5_000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Une par ligne, pour une élection : le vote blanc s’y ajoute. Vide : pour, contre, abstention.",
    )

    def clean_choices(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines()]
        names = list(dict.fromkeys(filter(None, lines)))
        if not names:
            return list(RESOLUTION)
        if len(names) < 2 or len(names) > MOST_CHOICES or any(len(name) > 160 for name in names):
            raise forms.ValidationError(f"Donnez de 2 à {MOST_CHOICES} réponses, de 160 caractères au plus.")
        return [*(name for name in names if name != BLANK), BLANK]


class HandsForm(forms.Form):
    """Hands raised for each choice, college by college where colleges weigh."""

    def __init__(
        self, *args: Any, ballot: Ballot, colleges: list[str], held: dict[tuple[str, str], int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cells = {
            f"c{row}-{column}": (college, choice)
            for row, college in enumerate(colleges)
            for column, choice in enumerate(ballot.choices)
        }
        for name, (college, choice) in self.cells.items():
            label = f"{college} : {choice}" if college else choice
            self.fields[name] = forms.IntegerField(
                label=label, min_value=0, max_value=100_000, initial=held.get((college, choice))
            )

    def hands(self) -> dict[tuple[str, str], int]:
        return {cell: self.cleaned_data[name] for name, cell in self.cells.items()}
