"""Spreadsheets that take long to read; once a day, who has not paid for the year, and what ends soon."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import NumberProof, User
from maillage.core.loading.waiting import taken
from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.directory.actions.proving import send_to_mailbox
from maillage.members import letters
from maillage.members.actions import follow_the_year, remind_endings, start_import
from maillage.members.actions.binding import TELL_MAILBOX
from maillage.members.actions.spreadsheets import READ_SHEET
from maillage.members.notifications import doubt_url

UNPAID, ENDINGS = "members.unpaid", "members.endings"


@jobs.job(UNPAID, attempts=3)
def follow(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice changes nothing more."""
    count = follow_the_year(timezone.now())
    return f"{count} {plural(count, 'adhésion suit', 'adhésions suivent')} les cotisations de l’année."


@jobs.job(ENDINGS, attempts=3)
def remind(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Each ending is told once."""
    count = remind_endings(timezone.now())
    return f"{count} {plural(count, 'échéance rappelée', 'échéances rappelées')}."


@jobs.job(TELL_MAILBOX, attempts=3, limit=timedelta(minutes=2), lane="mssante")
def tell_mailbox(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """A team vouched for somebody: the professional whose number it is hears of it, at an address no team can type."""
    proof = NumberProof.objects.in_force().select_related("user", "cpts").filter(pk=arguments["proof"]).first()
    if proof is None:
        return "Cette preuve n’est plus en vigueur."
    letter = letters.checked_in_person(proof, doubt_url(proof, timezone.now()))
    sent = send_to_mailbox(proof.national_id, letter)
    return "Message envoyé." if sent else "L’annuaire national ne donne pas de boîte à ce numéro."


@jobs.job(READ_SHEET, lane="files", limit=timedelta(minutes=2))
def read_sheet(arguments: dict[str, Any], progress: jobs.Progress) -> jobs.Outcome:
    """A spreadsheet that nobody should wait for on a page."""
    progress("Lecture du fichier", 0, 1)
    cpts, by = Cpts.objects.get(pk=arguments["cpts"]), User.objects.get(pk=arguments["by"])
    with taken(arguments["key"]) as content:
        sheet = start_import(cpts=cpts, name=arguments["name"], content=content, by=by, at=timezone.now())
    return jobs.Outcome("Le fichier est lu.", reverse("members:import", args=[cpts.slug, sheet.uuid]))


jobs.daily(ENDINGS, "Fins de mandats et de conventions")
jobs.daily(UNPAID, "Cotisations de l’année")
