"""The colleges of a CPTS."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.members.acts import Act
from maillage.members.models import College


class CollegeNameTaken(DomainError):
    user_message = "Un collège porte déjà ce nom."


class CollegeInUse(DomainError):
    user_message = "Des membres sont dans ce collège : changez-les de collège d’abord."


@transaction.atomic
def save_college(
    *,
    cpts: Cpts,
    name: str,
    weight: Decimal,
    yearly_fee: Decimal | None,
    has_vote: bool = True,
    by: User,
    at: datetime,
    college: College | None = None,
) -> College:
    """A new college, or another name, weight, voice or fee for one. Raises CollegeNameTaken."""
    college = college or College(cpts=cpts)
    college.name, college.weight, college.yearly_fee, college.has_vote = name, weight, yearly_fee, has_vote
    try:
        with transaction.atomic():
            college.save()
    except IntegrityError as error:
        raise CollegeNameTaken from error
    voice = f"poids {_plain(weight)}" if has_vote else "voix consultative"
    summary = f"Collège « {name} » : {voice}, cotisation {_said(yearly_fee)}"
    audit.record(Act.COLLEGE_SAVED, target=college, by=by, at=at, cpts=cpts, summary=summary)
    return college


def _plain(weight: Decimal) -> str:
    return f"{weight.normalize():f}".replace(".", ",")


def _said(fee: Decimal | None) -> str:
    return "non précisée" if fee is None else f"{fee:.2f} €".replace(".", ",")


@transaction.atomic
def remove_college(*, college: College, by: User, at: datetime) -> None:
    """Raises CollegeInUse."""
    summary = f"Collège « {college} » supprimé"
    audit.record(Act.COLLEGE_REMOVED, target=college, by=by, at=at, cpts=college.cpts, summary=summary)
    try:
        with transaction.atomic():
            college.delete()
    except ProtectedError as error:
        raise CollegeInUse from error
