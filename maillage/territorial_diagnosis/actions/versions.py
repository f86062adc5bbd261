"""A diagnosis kept as it was on a day."""

import json
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.territorial_diagnosis.models import DiagnosisVersion


class AlreadyFrozen(DomainError):
    user_message = "La dernière version porte ce titre et dit la même chose : elle est déjà figée."


class FrozenMeanwhile(DomainError):
    user_message = "Un collègue vient de figer une version : regardez-la, puis recommencez s’il le faut."


@transaction.atomic
def freeze(*, cpts: Cpts, title: str, content: dict[str, Any], by: User, at: datetime) -> DiagnosisVersion:
    """Keep the whole content under the next number.

    Raises FrozenMeanwhile when two people do it at once, AlreadyFrozen when the last version is the same.
    """
    is_of_draft = content.get("perimeter", {}).get("status") == "draft"
    latest = DiagnosisVersion.objects.filter(cpts=cpts).order_by("-number").first()
    if latest and latest.title == title and latest.content == json.loads(json.dumps(content)):
        raise AlreadyFrozen
    last = latest.number if latest else 0
    try:
        with transaction.atomic():
            version = DiagnosisVersion.objects.create(
                cpts=cpts, number=last + 1, title=title, content=content, by=by, frozen_at=at, is_of_draft=is_of_draft
            )
    except IntegrityError as error:
        raise FrozenMeanwhile from error
    summary = f"Diagnostic figé, version {version.number} : {title}"
    audit.record("diagnosis.frozen", target=version, by=by, at=at, cpts=cpts, summary=summary)
    return version
