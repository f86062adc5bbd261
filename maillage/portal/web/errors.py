"""Refusals and faults, said plainly, in the shell of the product."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "Votre rôle ne permet pas d’ouvrir cette page. La coordination de la CPTS peut vous le donner."
    return render(
        request, "portal/error.html", {"title": "Cette page ne vous est pas ouverte", "text": text}, status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "L’adresse est peut-être incomplète, ou la page n’existe plus."
    return render(request, "portal/error.html", {"title": "Page introuvable", "text": text}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """No context processor here: whatever broke may break them too."""
    return HttpResponse(render_to_string("portal/broken.html"), status=500)
