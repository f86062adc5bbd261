"""A workspace that anybody may found becomes a CPTS that others see: asked by its team, decided by its territory."""

from datetime import datetime

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Approval, Cpts
from maillage.oversight import notifications
from maillage.oversight.acts import Act
from maillage.territory.models import PerimeterPart


class NothingToRead(DomainError):
    user_message = "Composez d’abord le périmètre : le guichet a besoin de savoir de quel territoire il s’agit."


class AlreadyAsked(DomainError):
    user_message = "L’approbation est déjà demandée : le guichet, l’ARS ou l’administration va répondre."


class AlreadyDecided(DomainError):
    user_message = "Cette CPTS a déjà reçu une réponse."


class ReasonMissing(DomainError):
    user_message = "Dites pourquoi : l’équipe qui l’a demandée lira ce motif."


@transaction.atomic
def ask_approval(*, cpts: Cpts, by: User, at: datetime) -> None:
    """Its team says that it is ready to be read; whoever approves is told. Raises NothingToRead or AlreadyAsked."""
    if not PerimeterPart.objects.filter(cpts=cpts).exists():
        raise NothingToRead
    waiting = Cpts.objects.filter(pk=cpts.pk, approval=Approval.WAITING, approval_asked_at=None)
    if not waiting.update(approval_asked_at=at):
        raise AlreadyAsked
    cpts.approval_asked_at = at
    summary = f"Approbation de {cpts.with_article} demandée"
    audit.record(Act.APPROVAL_ASKED, target=cpts, by=by, at=at, cpts=cpts, summary=summary)
    notifications.approval_asked(cpts, by, at)


@transaction.atomic
def decide(*, cpts: Cpts, is_approved: bool, reason: str, by: User | None, at: datetime) -> None:
    """Once approved it is public, counts for its neighbours, and may be told to the SAS; refused, it stays unseen.

    A refusal says why, and may be followed by a new request. Raises ReasonMissing or AlreadyDecided.
    """
    if not is_approved and not reason.strip():
        raise ReasonMissing
    approval = Approval.APPROVED if is_approved else Approval.REFUSED
    open_ = Cpts.objects.filter(pk=cpts.pk).exclude(approval=Approval.APPROVED)
    if not open_.exclude(approval=approval).update(
        approval=approval, decided_at=at, decision_reason=reason.strip()[:500]
    ):
        raise AlreadyDecided
    cpts.refresh_from_db()
    summary = f"{cpts.with_article} : {cpts.get_approval_display()}"
    audit.record(Act.APPROVAL_DECIDED, target=cpts, by=by, at=at, cpts=cpts, summary=summary)
    notifications.approval_decided(cpts, at)


@transaction.atomic
def ask_again(*, cpts: Cpts, by: User, at: datetime) -> None:
    """After a refusal, the team mended what was said and asks anew. Raises AlreadyAsked."""
    refused = Cpts.objects.filter(pk=cpts.pk, approval=Approval.REFUSED)
    if Cpts.objects.filter(founder=cpts.founder, approval=Approval.WAITING).exclude(founder=None).exists():
        raise AlreadyAsked("Une autre CPTS de la même personne attend déjà d’être approuvée.")
    if not refused.update(approval=Approval.WAITING, decided_at=None, decision_reason="", approval_asked_at=None):
        raise AlreadyAsked
    cpts.refresh_from_db()
    ask_approval(cpts=cpts, by=by, at=at)
