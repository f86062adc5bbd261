"""What somebody is typing, kept until it is sent: no audit, nobody but its author reads it."""

import re
from collections.abc import Mapping
from datetime import datetime

import orjson
from django.db import transaction

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.cpts.models import Cpts
from maillage.records.limits import DRAFTS
from maillage.records.models import Draft

KEY = re.compile(r"[a-z-]{1,40}(:[0-9a-zA-Z-]{1,60})?")
LARGEST, MOST_FIELDS, MOST_DRAFTS = 300_000, 60, 50  # bytes, fields, drafts of one person in one CPTS


class DraftUnreadable(DomainError):
    user_message = "Ce brouillon ne peut pas être gardé : il est trop long, ou illisible."


@transaction.atomic
def keep_draft(*, cpts: Cpts, user: User, key: str, fields: Mapping[str, str], at: datetime) -> Draft:
    """The last words take the place of those before. Raises DraftUnreadable, LimitReached."""
    texts = all(isinstance(name, str) and isinstance(text, str) for name, text in fields.items())
    if not KEY.fullmatch(key) or not texts or len(fields) > MOST_FIELDS or len(orjson.dumps(dict(fields))) > LARGEST:
        raise DraftUnreadable
    spend(DRAFTS, at=at, account=user.pk)
    fields = {name.replace("\0", ""): text.replace("\0", "") for name, text in fields.items()}  # PostgreSQL keeps none
    draft, _ = Draft.objects.update_or_create(
        cpts=cpts,
        user=user,
        key=key,
        defaults={"fields": dict(fields), "updated_at": at},
        create_defaults={"fields": dict(fields), "updated_at": at, "begun_at": at},
    )
    kept = Draft.objects.of(cpts).filter(user=user).order_by("-updated_at", "-pk").values("pk")
    Draft.objects.filter(pk__in=[row["pk"] for row in kept[MOST_DRAFTS : MOST_DRAFTS * 2]]).delete()
    return draft


def forget_draft(*, cpts: Cpts, user: User, key: str) -> None:
    """It was sent, or its author does not want it. Twice is once."""
    Draft.objects.of(cpts).filter(user=user, key=key).delete()
