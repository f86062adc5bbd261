"""Pages of members; what they erase."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from maillage.accounts.menus import Entry, Section
from maillage.directory.models import Practitioner, PractitionerRole
from maillage.members.acts import Act
from maillage.members.facts import facts_of
from maillage.members.letters import samples
from maillage.members.models import Convention, Membership, SpreadsheetImport
from maillage.members.permissions import MEMBER_LIST
from maillage.members.waiting import counted, waiting

ACTS = Act
PERMISSIONS = (MEMBER_LIST,)
COUNTED, WAITING = counted, waiting
ENTRIES = (
    Entry("Membres", "members:list", MEMBER_LIST, rank=20, section=Section.MAIN),
    Entry("Ma fiche", "members:own", MEMBER_LIST, rank=30, section=Section.MAIN),
)
FACTS = facts_of
LETTERS = samples


def expired(at: datetime) -> list[QuerySet[Any]]:
    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    ended = timezone.localdate(before(Convention.RETENTION_DAYS))
    return [
        Convention.objects.filter(is_renewed_tacitly=False, ends_on__lt=ended),
        Membership.objects.filter(left_on__lt=timezone.localdate(before(Membership.RETENTION_DAYS))),
        Membership.objects.filter(status="refused", decided_at__lt=before(Membership.REFUSED_DAYS)),
        Membership.objects.waiting().filter(requested_at__lt=before(Membership.REQUESTED_DAYS)),
        SpreadsheetImport.objects.filter(created_at__lt=before(SpreadsheetImport.RETENTION_DAYS)),
        *_former_professionals(timezone.localdate(before(PractitionerRole.RETENTION_DAYS))),
    ]


def _former_professionals(day: date) -> list[QuerySet[Any]]:
    """People and exercises gone from the register for long, unless a membership still speaks of them."""
    of_role = Membership.objects.filter(practitioner_role=OuterRef("pk"))
    of_person = Membership.objects.filter(practitioner=OuterRef("pk"))
    current = PractitionerRole.objects.filter(practitioner=OuterRef("pk"))
    return [
        PractitionerRole.objects.filter(~Exists(of_role), until__lt=day),
        Practitioner.objects.filter(~Exists(of_person), ~Exists(current), until__lt=day),
    ]
