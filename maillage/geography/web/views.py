"""Outlines for maps: reference data, the same for everybody."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import etag, require_safe

from maillage.core.screens.access import public, same_for_everybody
from maillage.geography.models import Commune, ReferenceRelease


def _release(request: HttpRequest, departement: str) -> str | None:
    return ReferenceRelease.objects.order_by("-loaded_at").values_list("fingerprint", flat=True).first()


@same_for_everybody
@public
@require_safe
@etag(_release)
def outlines(request: HttpRequest, departement: str) -> HttpResponse:
    """Communes of one département: code, name, population, encoded outline (geography.rules.outlines)."""
    communes = Commune.objects.current().filter(departement=departement).order_by("code")
    # Paris, Lyon and Marseille whole, or by arrondissement when the map speaks of them.
    districts = request.GET.get("arrondissements") == "1"
    communes = communes.filter(arrondissements=None) if districts else communes.filter(parent=None)
    rows = list(communes.values_list("code", "name", "population", "outline"))
    if not rows:
        raise Http404
    return JsonResponse({"communes": rows}, headers={"Cache-Control": "private, max-age=3600"})
