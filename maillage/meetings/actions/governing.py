"""Statuts, règlement intérieur, and what they say of each body."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.files import keep_pdf
from maillage.cpts.models import Cpts
from maillage.meetings.models import BodyRule, GoverningKind, GoverningText, Meeting, MeetingKind

TEXTS = "governing"  # the folder of their files


class VersionTaken(DomainError):
    user_message = "Quelqu’un a déposé une version au même moment : réessayez."


def adopt_text(
    *,
    cpts: Cpts,
    kind: str,
    adopted_on: date,
    changes: str,
    content: bytes,
    meeting: Meeting | None,
    by: User,
    at: datetime,
) -> GoverningText:
    """The next version of the statuts or of the règlement intérieur. Raises NotADocument or VersionTaken."""
    file = keep_pdf(TEXTS, content)
    last = GoverningText.objects.filter(cpts=cpts, kind=kind).aggregate(Max("number"))["number__max"] or 0
    try:
        with transaction.atomic():
            text = GoverningText.objects.create(
                cpts=cpts, kind=GoverningKind(kind), number=last + 1, adopted_on=adopted_on, changes=changes, file=file,
                meeting=meeting,
            )  # fmt: skip
            audit.record("governing.adopted", target=text, by=by, at=at, cpts=cpts, summary=f"{text} déposée")
    except IntegrityError as error:
        raise VersionTaken from error
    return text


@transaction.atomic
def write_rule(*, cpts: Cpts, kind: str, fields: Mapping[str, Any], by: User, at: datetime) -> BodyRule:
    """What the statutes say of one kind of meeting."""
    rule, _ = BodyRule.objects.update_or_create(cpts=cpts, kind=kind, defaults=dict(fields))
    summary = f"Règles des instances, {MeetingKind(kind).label}"
    details = {"rule": {name: str(value) for name, value in fields.items()}}
    audit.record("governing.rule", target=rule, by=by, at=at, cpts=cpts, summary=summary, details=details)
    return rule
