"""An indicator from a file of one's own: sent, mapped, seen joined, then accepted."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import CptsRequest, Permission, requires
from maillage.core.errors import DomainError
from maillage.core.text import normalised, plural
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.actions.own_files import LARGEST_FILE, ColumnsMap, Joined, join
from maillage.territorial_diagnosis.loading import OpenFile
from maillage.territorial_diagnosis.models import CustomIndicator
from maillage.territorial_diagnosis.places import Gazetteer
from maillage.territorial_diagnosis.rules.catalogue import Kind
from maillage.territorial_diagnosis.rules.cells import NotANumber, number
from maillage.territorial_diagnosis.web.forms import FileForm, MapForm
from maillage.territorial_diagnosis.web.views import area_or_none, page_context

SALT = "territorial_diagnosis.own-file"
KEPT_SECONDS = 3_600
CODE_NAMES = ("code insee", "codgeo", "code commune", "insee", "depcom", "code 2026", "com", "code geo", "code")


@requires(Permission.DIAGNOSIS_EDIT)
def add(request: CptsRequest) -> HttpResponse:
    """Choose the file; its columns come next."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            file = actions.read_own_file(sent.name, sent.read(LARGEST_FILE + 1))
        except DomainError as error:
            form.add_error("file", error.user_message)
        else:
            sent.seek(0)
            return _mapping(
                request,
                file,
                _keep(request, sent.name, sent.read()),
                MapForm(header=list(file.header), initial=_guess(file)),
            )
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


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "own-files"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(request: CptsRequest, name: str, content: bytes) -> str:
    """Keep the file for the next step, an hour at most. The token is signed for this CPTS and names no path."""
    for old in _folder().iterdir():
        if old.stat().st_mtime < timezone.now().timestamp() - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    key = get_random_string(32)
    (_folder() / key).write_bytes(content)
    return signing.dumps([key, name, request.cpts.pk], salt=SALT)


def _kept(request: CptsRequest, token: str) -> tuple[str, OpenFile] | None:
    """The file of a token; None when it is too old, of another CPTS, or altered."""
    try:
        key, name, cpts = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
        if cpts != request.cpts.pk:
            return None
        return key, actions.read_own_file(name, (_folder() / key).read_bytes())
    except (signing.BadSignature, OSError, DomainError):
        return None


@require_POST
@requires(Permission.DIAGNOSIS_EDIT)
def map_columns(request: CptsRequest) -> HttpResponse:
    """Say what the columns are; see what joins; accept."""
    token = request.POST.get("token", "")
    kept = _kept(request, token)
    if kept is None:
        messages.error(request, "Le fichier n’est plus là : envoyez-le de nouveau.")
        return redirect("diagnosis:files", request.cpts.slug)
    key, file = kept
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
    (_folder() / key).unlink(missing_ok=True)
    told = f"{joined.published} {plural(joined.published, 'commune renseignée', 'communes renseignées')}"
    messages.success(
        request,
        f"« {data['label']} » est dans le diagnostic : {told}.",
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
