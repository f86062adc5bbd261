"""Mandates and conventions: written, ended, reminded."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.members import notifications
from maillage.members.actions.keeping import NotIn
from maillage.members.acts import Act
from maillage.members.models import Convention, Mandate, Membership
from maillage.members.rules.names import of
from maillage.records.actions import attaching

AHEAD = timedelta(days=60)  # when the end is told


class EndsBeforeItStarts(DomainError):
    user_message = "La fin vient avant le début."


@transaction.atomic
def give_mandate(
    *, membership: Membership, body: str, function: str, starts_on: date, ends_on: date | None, by: User, at: datetime
) -> Mandate:
    """A function for a member who is in. Raises NotIn or EndsBeforeItStarts."""
    if not membership.is_in:
        raise NotIn
    _check_order(starts_on, ends_on)
    mandate = Mandate.objects.create(
        cpts=membership.cpts, membership=membership, body=body, function=function, starts_on=starts_on, ends_on=ends_on
    )
    summary = f"Mandat {of(str(membership))} : {mandate}"
    audit.record(Act.MANDATE_GIVEN, target=mandate, by=by, at=at, cpts=membership.cpts, summary=summary)
    return mandate


@transaction.atomic
def end_mandate(*, mandate: Mandate, by: User, at: datetime) -> None:
    """It ends today; one that has not begun is taken back."""
    today = timezone.localdate(at)
    summary = f"Fin du mandat {of(str(mandate.membership))} : {mandate}"
    audit.record(Act.MANDATE_ENDED, target=mandate, by=by, at=at, cpts=mandate.cpts, summary=summary)
    if mandate.starts_on >= today:
        mandate.delete()
    else:
        Mandate.objects.filter(pk=mandate.pk).update(ends_on=today)


def _check_order(starts_on: date, ends_on: date | None) -> None:
    if ends_on and ends_on <= starts_on:
        raise EndsBeforeItStarts


def sign_convention(
    *, cpts: Cpts, fields: Mapping[str, Any], document: bytes | None, by: User, at: datetime
) -> Convention:
    """An agreement with a partner, and its signed document. Raises EndsBeforeItStarts, NotADocument or NotScanned."""
    _check_order(fields["starts_on"], fields["ends_on"])
    kept = attaching.keep(document) if document is not None else None
    with transaction.atomic():
        name = f"Convention avec {fields['partner']}"
        attachment = attaching.attach(kept, cpts=cpts, name=name, by=by, at=at) if kept else None
        convention = Convention.objects.create(cpts=cpts, attachment=attachment, **fields)
        summary = f"Convention avec {convention.partner} : {convention.purpose}"
        audit.record(Act.CONVENTION_SIGNED, target=convention, by=by, at=at, cpts=cpts, summary=summary)
    return convention


@transaction.atomic
def remove_convention(*, convention: Convention, by: User, at: datetime) -> None:
    """Out of the list, its document too once that is certain."""
    summary = f"Convention avec {convention.partner} retirée"
    audit.record(Act.CONVENTION_REMOVED, target=convention, by=by, at=at, cpts=convention.cpts, summary=summary)
    attachment = convention.attachment
    convention.delete()
    attaching.discard(attachment)


@transaction.atomic
def remind_endings(at: datetime) -> int:
    """Tell each CPTS, once, what ends within sixty days. Returns how many endings were told."""
    today = timezone.localdate(at)
    soon = today + AHEAD
    mandates = Mandate.objects.in_force(today).ending_before(soon).filter(reminded_on=None)
    conventions = Convention.objects.in_force(today).ending_before(soon).filter(reminded_on=None)
    endings = [
        *mandates.select_related("cpts", "membership"),
        *conventions.filter(is_renewed_tacitly=False).select_related("cpts"),
    ]
    for ending in endings:
        notifications.ending(ending, at)
    for model in (Mandate, Convention):
        model.objects.filter(pk__in=[ending.pk for ending in endings if isinstance(ending, model)]).update(
            reminded_on=today
        )
    return len(endings)
