"""Invitations without an answer."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.urls import reverse

from maillage.accounts.models import Invitation
from maillage.accounts.permissions import TEAM_MANAGE
from maillage.core.text import plural
from maillage.core.waiting import LATE, LATER, Counted, Waiting, count_of
from maillage.cpts.models import Cpts


def counted(at: datetime) -> Counted:
    invitations = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    return {
        "pending": count_of(invitations.filter(expires_at__gt=at)),
        "expired": count_of(invitations.filter(expires_at__lte=at)),
    }


def waiting(cpts: Cpts, counts: Any, permissions: Collection[str]) -> Iterator[Waiting]:
    if TEAM_MANAGE not in permissions:
        return
    team = reverse("accounts:team", args=[cpts.slug])
    if counts.expired:
        text = f"{counts.expired} {plural(counts.expired, 'invitation expirée', 'invitations expirées')}"
        yield Waiting(LATE, "à renvoyer", text, "Le lien reçu ne sert plus", team)
    if counts.pending:
        text = f"{counts.pending} {plural(counts.pending, 'invitation')} sans réponse"
        yield Waiting(LATER, "en attente", text, "Équipe de la CPTS", team)
