"""The diagnosis as files: of the day, or of a frozen version."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.core.papers.spreadsheets import XLSX_TYPE
from maillage.core.papers.word import DOCX_TYPE
from maillage.territorial_diagnosis import actions
from maillage.territorial_diagnosis.documents.content import content_of
from maillage.territorial_diagnosis.documents.printed import (
    diagnosis_docx,
    diagnosis_pdf,
    diagnosis_xlsx,
    perimeter_geojson,
)
from maillage.territorial_diagnosis.permissions import DIAGNOSIS_VIEW
from maillage.territorial_diagnosis.web.views import area_or_none, readable_versions

Write = Callable[[Mapping[str, Any], str], bytes]
FILES: dict[str, tuple[Write, str, str]] = {
    "pdf": (diagnosis_pdf, "application/pdf", "inline"),
    "docx": (diagnosis_docx, DOCX_TYPE, "attachment"),
    "xlsx": (diagnosis_xlsx, XLSX_TYPE, "attachment"),
}


@requires(DIAGNOSIS_VIEW)
def export(request: CptsRequest, kind: str) -> HttpResponse:
    """PDF, DOCX, XLSX or GeoJSON; ?version=3 for a frozen one."""
    content, title, name = _asked(request)
    if kind == "geojson":
        headers = {"Content-Disposition": f'attachment; filename="{name}.geojson"'}
        return JsonResponse(perimeter_geojson(content), content_type="application/geo+json", headers=headers)
    if kind not in FILES:
        raise Http404
    write, content_type, disposition = FILES[kind]
    headers = {"Content-Disposition": f'{disposition}; filename="{name}.{kind}"'}
    return HttpResponse(write(content, title), content_type=content_type, headers=headers)


def _asked(request: CptsRequest) -> tuple[Mapping[str, Any], str, str]:
    name = f"diagnostic-{request.cpts.slug}"
    wanted = request.GET.get("version", "")
    if wanted:
        if not wanted.isdigit() or len(wanted) > 4:
            raise Http404
        version = get_object_or_404(readable_versions(request).select_related("snapshot"), number=int(wanted))
        return actions.frozen_content(version), "Diagnostic territorial", f"{name}-v{version.number}"
    area = area_or_none(request)
    if area is None:
        raise Http404
    return content_of(request.cpts, area, on=timezone.localdate()), "Diagnostic territorial", name
