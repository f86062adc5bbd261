"""Statuts, règlement intérieur, and what they say of each body."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.meetings.acts import Act
from maillage.meetings.assemblies.rules.governing import GOVERNING, GoverningRecord
from maillage.meetings.models import BodyRule, GoverningKind, GoverningText, Meeting, MeetingKind
from maillage.records.actions import attaching
from maillage.records.actions.freezing import freeze
from maillage.records.rules.kinds import PDF_ONLY


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
    """The next version of the statuts or of the règlement intérieur. Raises NotAPdf, NotScanned or VersionTaken."""
    kept = attaching.keep(content, kinds=PDF_ONLY)
    last = GoverningText.objects.filter(cpts=cpts, kind=kind).aggregate(Max("number"))["number__max"] or 0
    try:
        with transaction.atomic():
            number, kind = last + 1, GoverningKind(kind)
            name = f"{kind.label}, version {number}"
            record = GoverningRecord(
                kind=kind.value,
                number=number,
                adopted_on=adopted_on.isoformat(),
                changes=changes,
                meeting=str(meeting or ""),
                file=kept.sha256,
            )
            text = GoverningText.objects.create(
                cpts=cpts,
                kind=kind,
                number=number,
                adopted_on=adopted_on,
                changes=changes,
                attachment=attaching.attach(kept, cpts=cpts, name=name, by=by, at=at),
                meeting=meeting,
                snapshot=freeze(record, GOVERNING, cpts=cpts, by=by, at=at),
            )
            audit.record(Act.GOVERNING_ADOPTED, target=text, by=by, at=at, cpts=cpts, summary=f"{text} déposée")
    except IntegrityError as error:
        raise VersionTaken from error
    return text


@transaction.atomic
def write_rule(*, cpts: Cpts, kind: str, fields: Mapping[str, Any], by: User, at: datetime) -> BodyRule:
    """What the statutes say of one kind of meeting."""
    rule, _ = BodyRule.objects.update_or_create(cpts=cpts, kind=kind, defaults=dict(fields))
    summary = f"Règles des instances, {MeetingKind(kind).label}"
    details = {"rule": {name: str(value) for name, value in fields.items()}}
    audit.record(Act.GOVERNING_RULE, target=rule, by=by, at=at, cpts=cpts, summary=summary, details=details)
    return rule
