"""Asking the professionals of a CPTS for slots, when too few are open."""

from datetime import datetime, timedelta

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.audit.models import AuditEvent
from maillage.core.errors import DomainError
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import Effector
from maillage.unscheduled_care.notifications import ask_for_slots

ASKED_AGAIN_AFTER = timedelta(hours=20)


class AskedLately(DomainError):
    user_message = "Des places ont déjà été demandées aujourd’hui : attendez demain."


@transaction.atomic
def ask_everybody(*, cpts: Cpts, by: User, at: datetime) -> int:
    """Write to every member who has an agenda. How many messages leave. Raises AskedLately: once a day is enough."""
    if AuditEvent.objects.of_cpts(cpts.pk).filter(type=Act.SLOT_ASKED_FOR, at__gt=at - ASKED_AGAIN_AFTER).exists():
        raise AskedLately
    asked = sum(ask_for_slots(effector, cpts, at=at) for effector in Effector.objects.of(cpts).order_by("pk"))
    summary = f"Places demandées à {asked} {plural(asked, 'professionnel')}"
    audit.record(Act.SLOT_ASKED_FOR, target=cpts, by=by, at=at, cpts=cpts, summary=summary)
    return asked
