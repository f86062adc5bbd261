"""What a CPTS did over a period, from the shell."""

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from maillage.core.facts import Fact, Period, facts_of
from maillage.cpts.models import Cpts


class Command(BaseCommand):
    help = "List the facts of a CPTS: what each app counts over its rows, from a day to another, the last one outside."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cpts", required=True, metavar="SLUG")
        parser.add_argument("--since", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--until", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *, since: date, until: date, **options: Any) -> None:
        if until <= since:
            raise CommandError("--until comes after --since: it is the first day outside.")
        cpts = Cpts.objects.filter(slug=options["cpts"]).first()
        if cpts is None:
            raise CommandError(f"No CPTS is named {options['cpts']}.")
        facts = list(facts_of(cpts, Period(since, until)))
        if options["format"] == "json":
            self.stdout.write(json.dumps([as_json(fact, cpts) for fact in facts], ensure_ascii=False, indent=2))
            return
        width = max((len(fact.label) for fact in facts), default=0)
        for fact in facts:
            mission = fact.mission.value if fact.mission else "   "
            self.stdout.write(f"{mission}  {fact.label:{width}}  {value_of(fact):>10} {fact.units}")


def value_of(fact: Fact) -> str:
    return "à confirmer" if fact.value is None else f"{fact.value.normalize():f}"


def as_json(fact: Fact, cpts: Cpts) -> dict[str, Any]:
    """Numbers as texts: a share is exact; days as ISO writes them."""
    values = asdict(fact) | {"period": fact.period.query, "way": fact.way.url(cpts.slug) if fact.way else None}
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}
