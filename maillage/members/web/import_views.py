"""The coordinator's spreadsheet: sent, its columns confirmed, its cells corrected in place, imported, undone."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.permissions import MEMBER_MANAGE, CptsRequest, requires
from maillage.accounts.signing_in.proving import recently_proved_when
from maillage.core.errors import DomainError
from maillage.core.models import Job
from maillage.core.screens.posted import sent_uuid, sent_version
from maillage.members import actions
from maillage.members.loading.spreadsheets import NEW, SKIP, PreviewRow, column_choices, preview_of
from maillage.members.models import ImportState, SpreadsheetImport
from maillage.members.rules.spreadsheet import BY_KEY
from maillage.members.web.forms import SpreadsheetForm

ROWS = 25
SHOWN = {"erreurs": "wrong", "doublons": "doubtful", "tout": "rows"}


@requires(MEMBER_MANAGE)
def imports(request: CptsRequest) -> HttpResponse:
    """Send a spreadsheet; those sent before, to go on with or to undo."""
    form = SpreadsheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            sheet = actions.send_sheet(
                cpts=request.cpts, name=file.name, content=file.read(), by=request.user, at=timezone.now()
            )
        except DomainError as error:
            form.add_error("file", error.user_message)
        else:
            return redirect(sheet if isinstance(sheet, Job) else _address(sheet))
    rows = SpreadsheetImport.objects.filter(cpts=request.cpts).defer("rows", "corrections", "choices", "journal")
    context = {"form": form, "rows": rows.select_related("created_by").order_by("-created_at")[:20]}
    return render(request, "members/imports.html", context)


def _address(sheet: SpreadsheetImport) -> str:
    return reverse("members:import", args=[sheet.cpts.slug, sheet.uuid])


def _is_done(request: HttpRequest) -> bool:
    """Members as a whole come or go away, where reading and correcting a file is free."""
    return request.method == "POST" and request.POST.get("do") in {"apply", "undo"}


@requires(MEMBER_MANAGE)
@recently_proved_when(_is_done)
def one_import(request: CptsRequest, import_uuid: UUID) -> HttpResponse:
    """One spreadsheet: its columns, its rows as they will be imported, what is wrong in red."""
    sheet = get_object_or_404(SpreadsheetImport.objects.select_related("cpts"), cpts=request.cpts, uuid=import_uuid)
    if request.method == "POST":
        try:
            return _do(request, sheet)
        except DomainError as error:
            messages.error(request, error.user_message)
            return redirect(request.get_full_path())
    if sheet.state != ImportState.DRAFT:
        return render(request, "members/import_done.html", {"sheet": sheet})
    preview = preview_of(sheet)
    view = request.GET.get("voir", "")
    view = view if view in SHOWN else ("erreurs" if preview.wrong else "tout")
    page = Paginator(getattr(preview, SHOWN[view]), ROWS).get_page(request.GET.get("page"))
    context = {
        "sheet": sheet,
        "preview": preview,
        "view": view,
        "page": page,
        "fields": _shown_fields(sheet),
        "columns": [(key, label, place, _example(sheet, place)) for key, label, place in column_choices(sheet)],
        "ignored": [title for place, title in enumerate(sheet.header) if place not in sheet.columns.values()],
        "titles": list(enumerate(sheet.header)),
        "table": [_cells(row, sheet) for row in page.object_list],
    }
    return render(request, "members/import.html", context)


def _shown_fields(sheet: SpreadsheetImport) -> list[tuple[str, str]]:
    return [(key, field.label) for key, field in BY_KEY.items() if key in sheet.columns]


def _example(sheet: SpreadsheetImport, place: int | None) -> str:
    """What the first filled cells of a column say."""
    if place is None:
        return ""
    cells = (row[place] for row in sheet.rows[:40] if place < len(row) and row[place])
    return ", ".join([cell for cell, _ in zip(cells, range(2), strict=False)])[:60]


def _cells(row: PreviewRow, sheet: SpreadsheetImport) -> dict[str, Any]:
    """A row of the preview: each cell with its text, its value when it reads otherwise, its error."""
    shown = [key for key, _ in _shown_fields(sheet)]
    missing = [key for key in row.entry.errors if key not in shown]
    cells = [
        {"key": key, "label": BY_KEY[key].label, "text": row.texts.get(key, ""), "error": row.entry.errors.get(key, "")}
        for key in [*shown, *missing]
    ]
    return {"row": row, "cells": cells}


def _do(request: CptsRequest, sheet: SpreadsheetImport) -> HttpResponse:
    asked, version = request.POST.get("do"), sent_version(request)
    if asked == "columns":
        actions.say_columns(sheet=sheet, read_version=version, columns=_columns(request, sheet))
        return redirect(request.path)
    if asked == "discard":
        actions.discard_import(sheet=sheet, by=request.user, at=timezone.now())
        messages.success(request, "Le fichier est effacé.")
        return redirect("members:imports", request.cpts.slug)
    if asked == "undo":
        return _undo(request, sheet)
    cells, choices = _corrections(request, sheet)
    if cells or choices:
        actions.correct(sheet=sheet, read_version=version, cells=cells, choices=choices)
        version += 1
    if asked == "apply":
        actions.apply_import(sheet=sheet, read_version=version, by=request.user, at=timezone.now())
        return redirect(request.path)
    messages.success(request, "Corrections enregistrées.")
    return redirect(request.get_full_path())


def _undo(request: CptsRequest, sheet: SpreadsheetImport) -> HttpResponse:
    stay = actions.undo_import(sheet=sheet, by=request.user, at=timezone.now())
    messages.success(request, "L’import est annulé.")
    if stay:
        messages.warning(request, f"{actions.kept_pages(stay)}.")
    return redirect("members:imports", request.cpts.slug)


def _columns(request: CptsRequest, sheet: SpreadsheetImport) -> dict[str, int]:
    columns = {}
    for key in BY_KEY:
        place = request.POST.get(f"column-{key}", "")
        if place.isdecimal() and len(place) < 4 and int(place) < len(sheet.header):
            columns[key] = int(place)
    return columns


def _corrections(request: CptsRequest, sheet: SpreadsheetImport) -> tuple[dict[tuple[int, str], str], dict[int, str]]:
    """Cells typed over and choices changed, of rows that this import has."""
    cells: dict[tuple[int, str], str] = {}
    choices: dict[int, str] = {}
    for name, value in request.POST.items():
        what, _, rest = name.partition("-")
        number, _, key = rest.partition("-")
        if not number.isdecimal() or len(number) > 6 or int(number) >= len(sheet.rows):
            continue
        if what == "cell" and key in BY_KEY:
            cells[int(number), key] = str(value)
        elif what == "choice" and _is_chosen(str(value), request.POST.get(f"shown-{number}")):
            choices[int(number)] = str(value)
    return cells, choices


def _is_chosen(value: str, shown: str | None) -> bool:
    """A choice left as it was shown is no choice: what is proposed may change with the cells."""
    return value != shown and (value in (NEW, SKIP) or sent_uuid(value) is not None)
