"""Keys of patient data: which one wraps them, how far the change of key is, and the end of that of one CPTS."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import INSTANCE_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import is_sent, recently_proved, recently_proved_when
from maillage.core.models import DataKey, Job
from maillage.core.screens.doing import did
from maillage.core.secrecy import resealing
from maillage.core.secrecy.sealing import fingerprint, fingerprint_of
from maillage.cpts.models import Cpts
from maillage.portal.actions import keys as actions

SHOWN_JOBS = 5


class DestroyForm(forms.Form):
    """Typed whole, so that nobody does it by accident."""

    name = forms.CharField(
        label="Nom de la CPTS, tapé en entier", max_length=120, widget=forms.TextInput({"autocomplete": "off"})
    )


@dataclass(frozen=True)
class KeyLine:
    """What the page says of one CPTS. `since`: None before anything was sealed for it."""

    cpts: Cpts
    since: datetime | None
    destroyed_at: datetime | None
    is_former: bool


@requires(INSTANCE_MANAGE)
def keys(request: CptsRequest) -> HttpResponse:
    """The state of the keys. No key is ever shown: a fingerprint tells one from another."""
    former = settings.PATIENT_DATA_KEY_PREVIOUS
    context = {
        "fingerprint": fingerprint(),
        "former": fingerprint_of(former) if former and fingerprint() else "",
        "needed": resealing.is_needed(),
        "lines": _lines(),
        "jobs": Job.objects.filter(kind=resealing.RESEAL).order_by("-created_at")[:SHOWN_JOBS],
    }
    return render(request, "portal/keys.html", context)


def _lines() -> list[KeyLine]:
    in_use = {row.owner_id: row for row in DataKey.objects.filter(retired_at=None).defer("wrapped")}
    today = fingerprint()
    lines = []
    for cpts in Cpts.objects.order_by("name"):
        key = in_use.get(cpts.pk)
        destroyed_at = key.destroyed_at if key else None
        is_former = bool(key and not destroyed_at and key.wrapped_by != today)
        lines.append(KeyLine(cpts, key.created_at if key else None, destroyed_at, is_former))
    return lines


@require_POST
@requires(INSTANCE_MANAGE)
@recently_proved
def renew_keys(request: CptsRequest) -> HttpResponse:
    job = actions.renew_keys(by=request.user, at=timezone.now())
    return redirect(job)


@requires(INSTANCE_MANAGE)
@recently_proved_when(is_sent)
def destroy_key(request: CptsRequest, owner_uuid: UUID) -> HttpResponse:
    """For ever: the name is typed, the journal keeps it."""
    cpts = get_object_or_404(Cpts, uuid=owner_uuid)
    form = DestroyForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.destroy_key,
            f"La clé de {cpts.with_article} est détruite.",
            form=form,
            field="name",
            cpts=cpts,
            typed_name=form.cleaned_data["name"],
        )
    ):
        return redirect("portal:keys")
    return render(request, "portal/destroy_key.html", {"owner": cpts, "form": form})
