"""What a team adds to the figures: its own counts, what exists, what is lacking, priorities, versions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.errors import DomainError
from maillage.core.missions import Mission
from maillage.core.money import decimal
from maillage.core.screens.doing import did
from maillage.directory.models import Organization
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.documents.content import content_of, differences
from maillage.territorial_diagnosis.documents.presenting import vintage_text
from maillage.territorial_diagnosis.models import GapStatus, IndicatorValue, Priority, Resource, ResourceKind, Vintage
from maillage.territorial_diagnosis.permissions import DIAGNOSIS_EDIT, DIAGNOSIS_VIEW
from maillage.territorial_diagnosis.queries.figures import definitions_of, diagnosis_of
from maillage.territorial_diagnosis.queries.gaps import gaps_of, unchecked
from maillage.territorial_diagnosis.rules.catalogue import Definition
from maillage.territorial_diagnosis.rules.shown import with_unit
from maillage.territorial_diagnosis.web.forms import FigureForm, FreezeForm, HoursForm, PriorityForm, ResourceForm
from maillage.territorial_diagnosis.web.views import area_or_none, no_perimeter, page_context, readable_versions
from maillage.territory.models import PerimeterPart

PROPOSED = {
    "603": ResourceKind.MSP,
    "124": ResourceKind.CENTRE,
    "606": ResourceKind.DAC,
    "604": ResourceKind.CPTS,
    "617": ResourceKind.DUTY,
    "355": ResourceKind.HOSPITAL,
    "101": ResourceKind.HOSPITAL,
    "106": ResourceKind.HOSPITAL,
}
MOST_PROPOSED = 30
MOST_VERSIONS = 32_767


@requires(DIAGNOSIS_VIEW)
def entries(request: CptsRequest) -> HttpResponse:
    """The CPTS's own figures, dated and sourced; typed by those who may."""
    known = definitions_of(request.cpts)
    form = FigureForm(request.POST or None, known=known, today=timezone.localdate())
    if request.method == "POST":
        _may_edit(request)
        if form.is_valid():
            data = dict(form.cleaned_data)
            definition = known[data.pop("indicator")]
            try:
                actions.type_figure(
                    cpts=request.cpts, definition=definition, by=request.user, at=timezone.now(), **data
                )
            except actions.ImpossibleFigure as error:
                form.add_error(error.part, error.user_message)
            else:
                messages.success(request, f"{definition.label} : le chiffre est enregistré.")
                return redirect("diagnosis:entries", request.cpts.slug)
    own = Vintage.objects.filter(cpts=request.cpts).prefetch_related("values").order_by("code", "-label")
    rows = [_entry(vintage, known) for vintage in own if vintage.code in known]
    context = page_context(request, "entries", area_or_none(request)) | {"form": form, "rows": rows}
    return render(request, "territorial_diagnosis/entries.html", context)


def _entry(vintage: Vintage, known: dict[str, Any]) -> dict[str, Any]:
    definition = known[vintage.code]
    typed = vintage.level == "cpts"
    value = next(iter(vintage.values.all()), None) if typed else None
    text = _typed_text(definition, value) if value else ""
    return {
        "pk": vintage.pk,
        "code": vintage.code,
        "label": definition.label,
        "value": text or f"{vintage.places} communes",
        "on": vintage_text(vintage.label),
        "source": vintage.source,
    }


def _typed_text(definition: Definition, typed: IndicatorValue) -> str:
    """41,1 % (1 234 sur 3 000): what was typed can be read again."""
    text = with_unit(definition, definition.value(typed.numerator, typed.denominator))
    parts = (typed.numerator, typed.denominator)
    return text if None in parts else f"{text} ({' sur '.join(decimal(part, 0) for part in parts if part is not None)})"


def _may_edit(request: CptsRequest) -> None:
    if DIAGNOSIS_EDIT not in request.permissions:
        raise PermissionDenied


@require_POST
@requires(DIAGNOSIS_EDIT)
def erase_entry(request: CptsRequest, vintage_id: int) -> HttpResponse:
    vintage = get_object_or_404(Vintage.objects.filter(cpts=request.cpts).select_related("cpts"), pk=vintage_id)
    known = definitions_of(request.cpts)
    label = known[vintage.code].label if vintage.code in known else vintage.code
    actions.erase_figure(vintage=vintage, label=label, by=request.user, at=timezone.now())
    messages.success(request, f"{label} : le chiffre est effacé.")
    return redirect("diagnosis:entries", request.cpts.slug)


@requires(DIAGNOSIS_VIEW)
def resources(request: CptsRequest) -> HttpResponse:
    """What exists already: as the team knows it, with what FINESS proposes."""
    form = ResourceForm(request.POST or None)
    if request.method == "POST":
        _may_edit(request)
        if chosen := request.POST.get("organization"):
            return _take(request, chosen)
        if form.is_valid():
            actions.add_resource(cpts=request.cpts, by=request.user, at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"{form.cleaned_data['name']} est dans la liste.")
            return redirect("diagnosis:resources", request.cpts.slug)
    area = area_or_none(request)
    listed = list(
        Resource.objects.of(request.cpts).select_related("commune").defer("commune__outline").order_by("kind", "name")
    )
    context = page_context(request, "resources", area) | {
        "form": form,
        "rows": listed,
        "proposed": _proposed(area.perimeter_id, {resource.organization_id for resource in listed}) if area else [],
        "absent": [label for kind, label in ResourceKind.choices if kind not in {resource.kind for resource in listed}],
    }
    return render(request, "territorial_diagnosis/resources.html", context)


def _proposed(perimeter_id: int, listed: set[str]) -> list[Organization]:
    """Establishments of the perimeter that FINESS knows and the team has not listed."""
    communes = PerimeterPart.objects.filter(perimeter=perimeter_id).values("commune")
    establishments = Organization.objects.filter(commune__in=communes, category__in=PROPOSED, closed_on=None)
    return list(
        establishments.exclude(pk__in=listed)
        .select_related("commune")
        .defer("commune__outline")
        .order_by("category", "name")[:MOST_PROPOSED]
    )


def _take(request: CptsRequest, organization_id: str) -> HttpResponse:
    """Put an establishment of FINESS in the census."""
    establishment = get_object_or_404(
        Organization.objects.select_related("commune"), pk=organization_id, category__in=PROPOSED
    )
    did(
        request,
        actions.add_resource,
        f"{establishment.name} est dans la liste.",
        cpts=request.cpts,
        commune=establishment.commune,
        kind=PROPOSED[establishment.category],
        name=establishment.name[:160],
        scope=establishment.category_label,
        contact=establishment.phone,
        source="FINESS",
        organization_id=establishment.pk,
    )
    return redirect("diagnosis:resources", request.cpts.slug)


@requires(DIAGNOSIS_EDIT)
def hours(request: CptsRequest, resource_uuid: UUID) -> HttpResponse:
    """When one of them is open."""
    resource = get_object_or_404(Resource.objects.of(request.cpts).select_related("cpts"), uuid=resource_uuid)
    form = HoursForm(request.POST or None, initial={"opening": resource.hours, "was": resource.hours})
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_hours(resource=resource, by=request.user, at=timezone.now(), **form.cleaned_data)
        except DomainError as error:
            resource.refresh_from_db(fields=["opening"])
            now = resource.hours or "non connus"
            form.add_error("opening", f"{error.user_message} À présent : {now}.")
            form.data = request.POST.copy()  # what was typed stays; sent again, it takes the place of these
            form.data["was"] = resource.hours
        else:
            messages.success(request, f"{resource.name} : les horaires sont enregistrés.")
            return redirect("diagnosis:resources", request.cpts.slug)
    return render(request, "territorial_diagnosis/hours.html", {"resource": resource, "form": form})


@require_POST
@requires(DIAGNOSIS_EDIT)
def remove_resource(request: CptsRequest, resource_uuid: UUID) -> HttpResponse:
    resource = get_object_or_404(Resource.objects.of(request.cpts).select_related("cpts"), uuid=resource_uuid)
    actions.remove_resource(resource=resource, by=request.user, at=timezone.now())
    messages.success(request, f"{resource.name} n’est plus dans la liste.")
    return redirect("diagnosis:resources", request.cpts.slug)


@requires(DIAGNOSIS_VIEW)
def gaps(request: CptsRequest) -> HttpResponse:
    """What the figures say is lacking, confirmed or dismissed with a reason."""
    area = area_or_none(request)
    if area is None:
        return no_perimeter(request, "gaps")
    diagnosis = diagnosis_of(request.cpts, area, definitions_of(request.cpts))
    answered_gaps = gaps_of(diagnosis)
    refusal: dict[str, str] = {}
    if request.method == "POST":
        _may_edit(request)
        refusal = _answer(request, {answered.gap.key: answered.gap for answered in answered_gaps})
        if not refusal:
            return redirect("diagnosis:gaps", request.cpts.slug)
    context = page_context(request, "gaps", area) | {
        "rows": answered_gaps,
        "unchecked": unchecked(diagnosis),
        "refusal": refusal,
    }
    return render(request, "territorial_diagnosis/gaps.html", context)


def _answer(request: CptsRequest, known: dict[str, Any]) -> dict[str, str]:
    """Record one answer; what was refused, and why, when it was."""
    key, reason = request.POST.get("key", ""), request.POST.get("reason", "")[:300]
    status = request.POST.get("status", "")
    if key not in known or status not in GapStatus.values:
        raise Http404
    try:
        actions.answer_gap(
            cpts=request.cpts,
            gap=known[key],
            status=GapStatus(status),
            reason=reason,
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        return {"key": key, "text": error.user_message, "reason": reason}
    messages.success(request, f"{known[key].title} : {GapStatus(status).label}.")
    return {}


@requires(DIAGNOSIS_VIEW)
def priorities(request: CptsRequest) -> HttpResponse:
    """Needs ranked by the team, each with the mission that answers it."""
    known = definitions_of(request.cpts)
    form = PriorityForm(request.POST or None, known=known)
    if request.method == "POST":
        _may_edit(request)
        if form.is_valid():
            data = form.cleaned_data | {"mission": Mission(form.cleaned_data["mission"])}
            if did(
                request,
                actions.add_priority,
                f"« {data['title']} » est dans les priorités.",
                form=form,
                field="title",
                cpts=request.cpts,
                **data,
            ):
                return redirect("diagnosis:priorities", request.cpts.slug)
    rows = list(Priority.objects.filter(cpts=request.cpts))
    for row in rows:
        row.labels = [(code, known[code].label) for code in row.indicators if code in known]  # type: ignore[attr-defined]
    context = page_context(request, "priorities", area_or_none(request)) | {"form": form, "rows": rows}
    return render(request, "territorial_diagnosis/priorities.html", context)


@require_POST
@requires(DIAGNOSIS_EDIT)
def change_priority(request: CptsRequest, priority_uuid: UUID) -> HttpResponse:
    """Up, down, or out of the list."""
    priority = get_object_or_404(Priority.objects.filter(cpts=request.cpts).select_related("cpts"), uuid=priority_uuid)
    if request.POST.get("do") == "remove":
        actions.remove_priority(priority=priority, by=request.user, at=timezone.now())
    elif request.POST.get("do") in ("up", "down"):
        up = request.POST["do"] == "up"
        actions.move_priority(priority=priority, up=up, by=request.user, at=timezone.now())
    return redirect("diagnosis:priorities", request.cpts.slug)


@requires(DIAGNOSIS_VIEW)
def versions(request: CptsRequest) -> HttpResponse:
    """Diagnoses kept as they were; one more, frozen today."""
    area = area_or_none(request)
    form = FreezeForm(request.POST or None)
    if request.method == "POST":
        _may_edit(request)
        if area and form.is_valid():
            content = content_of(request.cpts, area, on=timezone.localdate())
            if did(
                request,
                actions.freeze,
                lambda version: f"Version {version.number} figée : elle ne changera plus.",
                form=form,
                field="title",
                cpts=request.cpts,
                title=form.cleaned_data["title"],
                content=content,
            ):
                return redirect("diagnosis:versions", request.cpts.slug)
    rows = readable_versions(request).select_related("snapshot").defer("snapshot__content")
    context = page_context(request, "versions", area) | {"form": form, "rows": rows}
    return render(request, "territorial_diagnosis/versions.html", context)


@requires(DIAGNOSIS_VIEW)
def version(request: CptsRequest, number: int) -> HttpResponse:
    """One version, and what changed since the previous one."""
    if number > MOST_VERSIONS:
        raise Http404
    both_versions = readable_versions(request).filter(number__in=[number, number - 1]).select_related("snapshot")
    by_number = {readable.number: readable for readable in both_versions}
    if number not in by_number:
        raise Http404
    previous = by_number.get(number - 1)
    content = actions.frozen_content(by_number[number])
    context = page_context(request, "versions", None) | {
        "version": by_number[number],
        "previous": previous,
        "content": content,
        "changes": differences(actions.frozen_content(previous), content) if previous else [],
    }
    return render(request, "territorial_diagnosis/version.html", context)
