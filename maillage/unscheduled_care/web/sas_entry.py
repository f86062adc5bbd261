from django.http import HttpRequest, HttpResponse

from maillage.core.access import public


@public
def agenda(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
