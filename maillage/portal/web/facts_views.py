"""What the CPTS did over a period, each figure with the way to its rows."""

from datetime import date

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.aci.permissions import ACI_VIEW
from maillage.core.facts import Fact, Period, facts_of, units_text
from maillage.core.screens.fields import DayField
from maillage.core.screens.listing import Column, LoadedListing
from maillage.core.templatetags.maillage import day

NO_MISSION = "Vie de la CPTS"
TOLD_FIRST = ("meetings.held", "care.given", "members.there")


class PeriodForm(forms.Form):
    """Two days as people say them, both inside."""

    since = DayField(label="Du")
    last = DayField(label="Au")

    def clean(self) -> dict[str, date]:
        data: dict[str, date] = super().clean() or {}
        if data.get("since") and data.get("last") and data["last"] < data["since"]:
            self.add_error("last", "Le dernier jour vient avant le premier.")
        return data


COLUMNS = (
    Column("mission", "Mission", lambda fact: fact.mission.label if fact.mission else NO_MISSION),
    Column("fait", "Fait", lambda fact: fact.label),
    Column("valeur", "Valeur", lambda fact: fact.value, numeric=True),
    Column("unite", "Unité", lambda fact: fact.units),
    Column("sur", "Sur", lambda fact: fact.among, numeric=True),
    Column("source", "Ce qui est compté", lambda fact: fact.source),
    Column("depuis", "Depuis le", lambda fact: fact.period.since),
    Column("avant", "Avant le", lambda fact: fact.period.until),
)


@requires(ACI_VIEW)
@recently_proved_when(is_export)
def facts(request: CptsRequest) -> HttpResponse:
    """The civil year so far, unless other days are asked for."""
    today = timezone.localdate()
    period = Period.through(date(today.year, 1, 1), today)
    form = PeriodForm(request.GET if "since" in request.GET else None, initial={"since": period.since, "last": today})
    if form.is_bound and form.is_valid():
        period = Period.through(form.cleaned_data["since"], form.cleaned_data["last"])
    period_facts = list(facts_of(request.cpts, period))
    listing = LoadedListing(
        queryset=period_facts, parameters=request.GET, columns=COLUMNS, filename=f"faits-{request.cpts.slug}"
    )
    if response := listing.export():
        return response
    context = {
        "form": form,
        "period": period,
        "title": title_of(period_facts, period, today),
        "groups": groups_of(period_facts, request.cpts.slug),
        "years": [today.year - back for back in range(3)],
    }
    return render(request, "portal/facts.html", context)


def title_of(period_facts: list[Fact], period: Period, today: date) -> str:
    """The answer in a line: what was done most, and since when."""
    by_code: dict[str, int] = {}
    for fact in period_facts:
        for code in TOLD_FIRST:
            if fact.value and (fact.code == code or fact.code.startswith(f"{code}.")):
                by_code[code] = by_code.get(code, 0) + int(fact.value)
    units = {code: fact.unit for fact in period_facts for code in TOLD_FIRST if fact.code.startswith(code)}
    phrases = [f"{by_code[code]} {units_text(by_code[code], units[code])}" for code in TOLD_FIRST if code in by_code]
    when = f"depuis le {day(period.since)}"
    if period.until <= today:
        when = f"du {day(period.since)} au {day(period.last)}"
    return f"{', '.join(phrases)} {when}" if phrases else f"Rien n’est compté {when}"


def groups_of(period_facts: list[Fact], slug: str) -> list[tuple[str, list[dict[str, object]]]]:
    """By mission, in the order of the agreement; what is of none last."""
    groups: dict[str, list[dict[str, object]]] = {}
    for fact in sorted(period_facts, key=lambda fact: (fact.mission is None, fact.mission or "")):
        label = fact.mission.label if fact.mission else NO_MISSION
        groups.setdefault(label, []).append({"fact": fact, "url": fact.way.url(slug) if fact.way else ""})
    return list(groups.items())
