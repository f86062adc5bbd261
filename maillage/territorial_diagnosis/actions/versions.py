"""A diagnosis kept as it was on a day."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.records.actions import freezing
from maillage.records.rules.shapes import fingerprint
from maillage.territorial_diagnosis.acts import Act
from maillage.territorial_diagnosis.models import DiagnosisVersion
from maillage.territorial_diagnosis.rules.frozen import DIAGNOSIS, DiagnosisRecord


class AlreadyFrozen(DomainError):
    user_message = "La dernière version porte ce titre et dit la même chose : elle est déjà figée."


class FrozenMeanwhile(DomainError):
    user_message = "Un collègue vient de figer une version : regardez-la, puis recommencez s’il le faut."


@transaction.atomic
def freeze(*, cpts: Cpts, title: str, content: Mapping[str, Any], by: User, at: datetime) -> DiagnosisVersion:
    """Keep the whole content under the next number.

    Raises FrozenMeanwhile when two people do it at once, AlreadyFrozen when the last version is the same.
    """
    record = DiagnosisRecord(**content)
    latest = DiagnosisVersion.objects.filter(cpts=cpts).select_related("snapshot").order_by("-number").first()
    if latest and latest.title == title and latest.snapshot.sha256 == fingerprint(DIAGNOSIS.write(record)):
        raise AlreadyFrozen
    last = latest.number if latest else 0
    try:
        with transaction.atomic():
            version = DiagnosisVersion.objects.create(
                cpts=cpts,
                number=last + 1,
                title=title,
                snapshot=freezing.freeze(record, DIAGNOSIS, cpts=cpts, by=by, at=at),
                is_of_draft=record.perimeter.get("status") == "draft",
            )
    except IntegrityError as error:
        raise FrozenMeanwhile from error
    summary = f"Diagnostic figé, version {version.number} : {title}"
    audit.record(Act.DIAGNOSIS_FROZEN, target=version, by=by, at=at, cpts=cpts, summary=summary)
    return version


def frozen_content(version: DiagnosisVersion) -> dict[str, Any]:
    """What it holds, as it is printed and compared. Raises what records.actions.freezing.thaw raises."""
    return asdict(freezing.thaw(version.snapshot, DIAGNOSIS))
