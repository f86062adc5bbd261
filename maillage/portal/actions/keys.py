"""What the administrator of the instance does to the keys of patient data."""

from datetime import datetime

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.models import Job
from maillage.core.secrecy import keyring, resealing
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.portal.acts import Act


class NotItsName(DomainError):
    user_message = "Ce n’est pas le nom de cette CPTS : rien n’a été détruit."


class AlreadyDestroyed(DomainError):
    user_message = "La clé de cette CPTS a déjà été détruite."


@transaction.atomic
def destroy_key(*, cpts: Cpts, typed_name: str, by: User | None, at: datetime) -> None:
    """All that was sealed for a CPTS becomes unreadable for ever; nothing more is sealed for it.

    Raises NotItsName, AlreadyDestroyed, TableBusy.
    """
    if normalised(typed_name) != normalised(cpts.name):
        raise NotItsName
    if keyring.is_destroyed(cpts.pk):
        raise AlreadyDestroyed
    keyring.destroy(cpts.pk, at)
    summary = f"Clé des données de patients de {cpts.with_article} détruite : plus rien n’en est lisible"
    audit.record(Act.DESTROYED, target=cpts, by=by, at=at, cpts=cpts, summary=summary)


@transaction.atomic
def renew_keys(*, by: User, at: datetime) -> Job:
    """Every data key is drawn anew and what it sealed sealed again, in the background."""
    job = resealing.ask_to_reseal(at=at, owner_id=by.pk, everything=True)
    audit.record(Act.RENEWED, target=job, by=by, at=at, summary="Renouvellement des clés de données demandé")
    return job
