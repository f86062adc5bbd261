"""How a CPTS organises unscheduled care; and the declaration that lets it name patients."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.audit.queries import who_changed
from maillage.core.stale import Stale, check_version
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.models import CareSettings


def settings_of(cpts: Cpts) -> CareSettings:
    """Those of a CPTS; the usual ones, not written, when it never said anything."""
    return CareSettings.objects.filter(cpts=cpts).first() or CareSettings(cpts=cpts)


@transaction.atomic
def save_settings(*, cpts: Cpts, read_version: int, fields: Mapping[str, Any], by: User, at: datetime) -> CareSettings:
    """Raises Stale when somebody saved meanwhile."""
    stored, _ = CareSettings.objects.select_for_update(of=("self",)).get_or_create(cpts=cpts)
    check_version(stored, read_version, refusal=lambda: Stale("ces réglages", who_changed(stored)))
    values = dict(fields)
    host = values.pop("hds_host", "")
    declares = bool(values.pop("declares_hds", False)) and bool(host)
    for name, value in values.items():
        setattr(stored, name, value)
    stored.hds_host = host
    if declares and stored.hds_declared_at is None:
        stored.hds_declared_at, stored.hds_declared_by = at, by
    if not declares:
        stored.hds_declared_at = stored.hds_declared_by = None
    stored.version += 1
    stored.save()
    summary = "Réglages des soins non programmés modifiés"
    audit.record(
        Act.CARE_SETTINGS,
        target=stored,
        by=by,
        at=at,
        cpts=cpts,
        summary=summary,
        details={"hds": declares, "host": host},
    )
    return stored
