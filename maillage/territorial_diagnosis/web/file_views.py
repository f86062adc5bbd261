"""An indicator from a file of one's own: sent, mapped, seen joined, then accepted."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.limits import IMPORTS
from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.loading.waiting import forget_waiting
from maillage.core.models import Job
from maillage.core.text import normalised, plural
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.actions.own_files import ColumnsMap, Joined, KeptFile, join
from maillage.territorial_diagnosis.loading.vintages import OpenFile
from maillage.territorial_diagnosis.models import CustomIndicator
from maillage.territorial_diagnosis.permissions import DIAGNOSIS_EDIT
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.rules.catalogue import Kind
from maillage.territorial_diagnosis.rules.cells import NotANumber, number
from maillage.territorial_diagnosis.web.forms import FileForm, MapForm
from maillage.territorial_diagnosis.web.views import area_or_none, page_context

CODE_NAMES = ("code insee", "codgeo", "code commune", "insee", "depcom", "code 2026", "com", "code geo", "code")


@requires(DIAGNOSIS_EDIT)
def add(request: CptsRequest) -> HttpResponse:
    """Choose the file; its columns come next."""
    if token := request.GET.get("fichier", ""):
        return _read(request, token)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            spend(IMPORTS, at=timezone.now(), account=request.user.pk)
            read = actions.send_own_file(
                cpts=request.cpts, name=sent.name, content=sent.read(), by=request.user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error("file", error.user_message)
        else:
            return redirect(read) if isinstance(read, Job) else _columns(request, read)
    context = page_context(request, "files", area_or_none(request)) | {
        "form": form,
        "added": CustomIndicator.objects.filter(cpts=request.cpts).order_by("label"),
    }
    return render(request, "territorial_diagnosis/files.html", context)


def _guess(file: OpenFile) -> dict[str, str]:
    """The column that looks like INSEE codes, and the first one that holds numbers."""
    named = {normalised(name): name for name in file.header}
    code = next((named[name] for name in CODE_NAMES if name in named), file.header[0])
    others = [name for name in file.header if name != code] or [code]
    value = next((name for name in others if _is_number(file.rows[0].get(name) or "")), others[0])
    return {"code": code, "value": value, "label": value[:80], "source": file.name[:200]}


def _is_number(text: str) -> bool:
    try:
        return number(text) is not None
    except NotANumber:
        return False


def _read(request: CptsRequest, token: str) -> HttpResponse:
    """A file that the worker has read."""
    kept = actions.kept_own_file(request.cpts, token)
    return _gone(request) if kept is None else _columns(request, kept)


def _columns(request: CptsRequest, kept: KeptFile) -> HttpResponse:
    form = MapForm(header=list(kept.file.header), initial=_guess(kept.file))
    return _mapping(request, kept.file, kept.token, form)


def _gone(request: CptsRequest) -> HttpResponse:
    messages.error(request, "Le fichier n’est plus là : envoyez-le de nouveau.")
    return redirect("diagnosis:files", request.cpts.slug)


@require_POST
@requires(DIAGNOSIS_EDIT)
def map_columns(request: CptsRequest) -> HttpResponse:
    """Say what the columns are; see what joins; accept."""
    token = request.POST.get("token", "")
    kept = actions.kept_own_file(request.cpts, token)
    if kept is None:
        return _gone(request)
    file = kept.file
    form = MapForm(request.POST, header=list(file.header))
    if not form.is_valid():
        return _mapping(request, file, token, form)
    data = form.cleaned_data
    places = Gazetteer.read()
    columns = ColumnsMap(data["code"], data["value"], data["base"])
    joined = join(file, columns, places, Kind(data["kind"]), highest=100 if data["unit"] == "%" else None)
    if "accept" not in request.POST:
        return _mapping(request, file, token, form, joined)
    try:
        vintage = actions.add_custom_indicator(
            cpts=request.cpts,
            joined=joined,
            fields=data,
            filename=file.name,
            places=places,
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error("code", error.user_message)
        return _mapping(request, file, token, form, joined)
    forget_waiting(kept.key)
    count_text = f"{joined.published} {plural(joined.published, 'commune renseignée', 'communes renseignées')}"
    messages.success(
        request,
        f"« {data['label']} » est dans le diagnostic : {count_text}.",
    )
    return redirect("diagnosis:indicator", request.cpts.slug, vintage.code)


def _mapping(
    request: CptsRequest, file: OpenFile, token: str, form: MapForm, joined: Joined | None = None
) -> HttpResponse:
    rows = [[row.get(name) or "" for name in file.header[:8]] for row in file.rows[:5]]
    context: dict[str, Any] = page_context(request, "files", area_or_none(request)) | {
        "form": form,
        "token": token,
        "file": file,
        "sample_header": file.header[:8],
        "sample": rows,
        "joined": joined,
    }
    return render(request, "territorial_diagnosis/map_columns.html", context)
