"""Personal data erased on time: what each model declares is done here, once a day."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from maillage.accounts.actions.unused import erase_unused_accounts
from maillage.accounts.models import (
    AccountKind,
    AccountRecovery,
    AddressChange,
    Invitation,
    LinkedIdentity,
    NumberProof,
    ProofCode,
    Session,
    User,
)
from maillage.audit.models import AuditEvent
from maillage.core import jobs
from maillage.core.files import sweep
from maillage.core.models import Job, JobState, LimitCount, LimitRefusal
from maillage.core.text import plural
from maillage.core.waiting import sweep_waiting
from maillage.directory.models import Practitioner, PractitionerRole
from maillage.exchange.models import Contact, OutgoingMail
from maillage.meetings.actions import DOCUMENTS, TEXTS
from maillage.meetings.models import GoverningText, Meeting, MeetingDocument, SigninCode
from maillage.members.actions import CONVENTIONS
from maillage.members.models import Convention, Membership, SpreadsheetImport
from maillage.unscheduled_care.actions import erase_patients
from maillage.unscheduled_care.models import (
    Appointment,
    BookingBurst,
    CareRequest,
    Difficulty,
    Effector,
    EffectorMembership,
    MessageState,
    Regulator,
    SasMessage,
    Slot,
)

ERASE = "portal.erase"


def expired(at: datetime) -> list[QuerySet[Any]]:
    """Rows whose time is over. The directory is kept while it serves; accounts have an action of their own."""

    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    over = before(Invitation.RETENTION_DAYS)
    return [
        Job.objects.filter(state__in=[JobState.DONE, JobState.FAILED], finished_at__lt=before(Job.RETENTION_DAYS)),
        OutgoingMail.objects.filter(created_at__lt=before(OutgoingMail.RETENTION_DAYS)),
        Contact.objects.filter(forgotten_at=None, last_written_at__lt=before(Contact.RETENTION_DAYS)),
        Invitation.objects.filter(Q(expires_at__lt=over) | Q(accepted_at__lt=over) | Q(withdrawn_at__lt=over)),
        ProofCode.objects.filter(expires_at__lt=before(ProofCode.RETENTION_DAYS)),
        NumberProof.objects.filter(ended_at__lt=before(NumberProof.RETENTION_DAYS)),
        Membership.objects.filter(left_on__lt=timezone.localdate(before(Membership.RETENTION_DAYS))),
        Membership.objects.filter(status="refused", decided_at__lt=before(Membership.REFUSED_DAYS)),
        Membership.objects.waiting().filter(requested_at__lt=before(Membership.REQUESTED_DAYS)),
        Meeting.objects.filter(ends_at__lt=before(Meeting.RETENTION_DAYS)),
        Meeting.objects.filter(ends_at=None, created_at__lt=before(Meeting.RETENTION_DAYS)),
        SigninCode.objects.filter(expires_at__lt=before(SigninCode.RETENTION_DAYS)),
        AddressChange.objects.filter(asked_at__lt=before(AddressChange.RETENTION_DAYS)),
        AccountRecovery.objects.filter(created_at__lt=before(AccountRecovery.RETENTION_DAYS)),
        LinkedIdentity.objects.filter(ended_at__lt=before(LinkedIdentity.RETENTION_DAYS)),
        *_unscheduled_care(at),
        SpreadsheetImport.objects.filter(created_at__lt=before(SpreadsheetImport.RETENTION_DAYS)),
        AuditEvent.objects.filter(at__lt=before(AuditEvent.RETENTION_DAYS)),
        *_former_professionals(timezone.localdate(before(PractitionerRole.RETENTION_DAYS))),
        Session.objects.filter(expire_date__lt=at),
        LimitCount.objects.filter(ends_at__lte=at),
        LimitRefusal.objects.filter(day__lt=timezone.localdate(before(LimitRefusal.RETENTION_DAYS))),
    ]


def _unscheduled_care(at: datetime) -> list[QuerySet[Any]]:
    """Appointments before their slots, slots before their owners."""
    old, closed = at - timedelta(days=Slot.RETENTION_DAYS), at - timedelta(days=Regulator.RETENTION_DAYS)
    heard = at - timedelta(days=SasMessage.RETENTION_DAYS)
    linked = EffectorMembership.objects.filter(effector=OuterRef("pk"))
    return [
        SasMessage.objects.exclude(state=MessageState.WAITING).filter(created_at__lt=heard),
        Difficulty.objects.filter(told_at__lt=at - timedelta(days=Difficulty.RETENTION_DAYS)),
        BookingBurst.objects.filter(told_at__lt=at - timedelta(days=BookingBurst.RETENTION_DAYS)),
        CareRequest.objects.filter(ended_at__lt=old),
        Appointment.objects.filter(ends_at__lt=old),
        Slot.objects.filter(ends_at__lt=old),
        Effector.objects.filter(~Exists(linked), ~Exists(Slot.objects.filter(effector=OuterRef("pk")))),
        Regulator.objects.filter(is_active=False, updated_at__lt=closed),
        User.objects.filter(kind=AccountKind.EXTERNAL, last_login__lt=closed, assignments=None),
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


@jobs.job(ERASE, attempts=3, lane="long")
def erase_expired(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice erases nothing more."""
    at = timezone.now()
    erased = sum(rows.delete()[0] for rows in expired(at)) + _sweep(at) + erase_patients(at=at)
    erased += erase_unused_accounts(at=at)
    return f"{erased} {plural(erased, 'ligne effacée', 'lignes effacées')}."


def _sweep(at: datetime) -> int:
    """Files whose rows are gone, or were never written."""
    folders: tuple[tuple[str, QuerySet[Any], str], ...] = (
        (CONVENTIONS, Convention.objects.all(), "document"),
        (DOCUMENTS, MeetingDocument.objects.all(), "file"),
        (TEXTS, GoverningText.objects.all(), "file"),
    )
    day_before = at - timedelta(days=1)
    return sweep_waiting() + sum(
        sweep(folder, set(rows.values_list(field, flat=True)), before=day_before) for folder, rows, field in folders
    )


jobs.daily(ERASE, "Effacement des données arrivées à échéance")
