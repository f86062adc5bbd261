"""Outlines for maps: reference data, the same for everybody."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import etag, require_safe

from maillage.core.access import public
from maillage.geography.models import Commune, ReferenceRelease


def _release(request: HttpRequest, departement: str) -> str | None:
    return ReferenceRelease.objects.order_by("-loaded_at").values_list("fingerprint", flat=True).first()


@public
@require_safe
@etag(_release)
def outlines(request: HttpRequest, departement: str) -> HttpResponse:
    """Communes of one département: code, name, population, encoded outline (geography.outlines)."""
    communes = Commune.objects.current().filter(departement=departement, parent=None).order_by("code")
    rows = list(communes.values_list("code", "name", "population", "outline"))
    if not rows:
        raise Http404
    return JsonResponse({"communes": rows}, headers={"Cache-Control": "private, max-age=3600"})
