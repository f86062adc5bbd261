"""Refusals and faults, said plainly, in the shell of the product."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def _bare_page(title: str, text: str, status: int) -> HttpResponse:
    """No shell, no context processor: whatever broke may break them too, the list of static files included."""
    context = {"title": title, "text": text}
    try:
        return HttpResponse(render_to_string("portal/broken.html", context | {"styled": True}), status=status)
    except ValueError:
        return HttpResponse(render_to_string("portal/broken.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "Elle est incomplète ou trop grande : rien n’a changé."
    return _bare_page("Cette demande ne peut pas être lue", text, 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = "La page était ouverte depuis trop longtemps. Revenez en arrière, rechargez-la, puis recommencez."
    return render(request, "layout/error.html", {"title": "Rien n’a été enregistré", "text": text}, status=403)


class FrenchNotFound:
    """In a demonstration DEBUG is on, and Django would answer 404 with its page for developers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 404 and response.get("Content-Type", "").startswith("text/html"):
            return not_found(request, Http404())
        return response


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "Votre rôle ne permet pas d’ouvrir cette page. La coordination de la CPTS peut vous le donner."
    return render(
        request, "layout/error.html", {"title": "Cette page ne vous est pas ouverte", "text": text}, status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = "L’adresse est peut-être incomplète, ou la page n’existe plus."
    return render(request, "layout/error.html", {"title": "Page introuvable", "text": text}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    text = (
        "Ce que vous aviez enregistré est intact. Réessayez dans un instant ; "
        "si cela recommence, prévenez l’équipe de votre instance."
    )
    return _bare_page("Quelque chose s’est cassé de notre côté", text, 500)
