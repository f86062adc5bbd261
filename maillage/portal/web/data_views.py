"""Open data of the instance: what was loaded, what each file changed, what it could not take."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.permissions import INSTANCE_MANAGE, CptsRequest, requires
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.work import jobs
from maillage.directory.models import DirectoryImport, ImportKind
from maillage.territorial_diagnosis.jobs import LOAD, open_data_folder


@requires(INSTANCE_MANAGE)
def open_data(request: CptsRequest) -> HttpResponse:
    """Imports of the directory, the newest first, and a button to load the folder of open data."""
    listing = Listing(
        queryset=DirectoryImport.objects.all(),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda directory_import: directory_import.started_at, "started_at"),
            Column("fichier", "Fichier", lambda directory_import: directory_import.filename, "filename"),
            Column("perimetre", "Départements", lambda directory_import: directory_import.scope_label),
            Column("etat", "État", lambda directory_import: directory_import.get_state_display()),
            Column("resultat", "Résultat", lambda directory_import: directory_import.message),
        ),
        search_in=("filename",),
        filters=(Filter("nature", "Nature", "kind", ImportKind.choices),),
        default_sort="-started_at",
        filename="imports-annuaire",
        empty="Aucun fichier national chargé pour l’instant.",
    )
    if response := listing.export():
        return response
    context = {"listing": listing, "page": listing.page(), "folder": open_data_folder()}
    return render(request, "portal/open_data.html", context)


@require_POST
@requires(INSTANCE_MANAGE)
def load_open_data(request: CptsRequest) -> HttpResponse:
    label = "Chargement des données ouvertes"
    row = jobs.enqueue(LOAD, label=label, at=timezone.now(), owner_id=request.user.pk, by=request.user.pk)
    return redirect(row)


@requires(INSTANCE_MANAGE)
def rejects(request: CptsRequest, import_id: int) -> HttpResponse:
    """The lines a file had refused or doubtful, with their reason."""
    row = get_object_or_404(DirectoryImport, pk=import_id)
    path = Path(settings.MEDIA_ROOT) / "imports" / row.rejects
    if not row.rejects or not path.is_file():
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="rejets-{row.pk}.csv"'}
    return HttpResponse(path.read_bytes(), content_type="text/csv; charset=utf-8", headers=headers)
