"""Who is a regulator here: a role says it, or the SAS declared them and the identity provider vouches for them."""

from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from maillage.accounts.models import Role, User
from maillage.accounts.permissions import assignments_of
from maillage.core.screens.access import View, also_external, signed_in
from maillage.core.sql.rows import Columns, read_one
from maillage.geography.models import Departement
from maillage.sas.models import Regulator
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM
from maillage.unscheduled_care.actions import Booker
from maillage.unscheduled_care.models import Origin

# In the session: the regulator whom the identity provider named, by which number, and the page they came for.
THROUGH_SAS, NUMBER, WANTED = "through_sas", "through_sas_number", "wanted_through_sas"

REGULATOR = Columns(Regulator)
BORNE = """one.uuid = %s AND EXISTS (SELECT 1 FROM sas_regulatoridentifier AS borne
    WHERE borne.regulator_id = one.id AND borne.is_active AND borne.system = %s AND borne.value = %s)"""


def regulator_of(request: HttpRequest) -> Regulator | None:
    """The account that the SAS declared, for this session only, as long as it is open. Read once a request."""
    if not hasattr(request, THROUGH_SAS):
        setattr(request, THROUGH_SAS, _vouched_for(request))
    regulator: Regulator | None = getattr(request, THROUGH_SAS)
    return regulator


def _vouched_for(request: HttpRequest) -> Regulator | None:
    """While this session is its account's, and it bears the number that the provider vouched for."""
    uuid, user = request.session.get(THROUGH_SAS), request.user
    if not uuid or not isinstance(user, User):
        return None
    regulator = read_one(REGULATOR, BORNE, [UUID(uuid), PRACTITIONER_SYSTEM, request.session.get(NUMBER, "")])
    is_theirs = regulator and regulator.is_active and regulator.account_id == user.pk
    return regulator if is_theirs else None


def is_regulator(request: HttpRequest) -> bool:
    if regulator_of(request) is not None:
        return True
    user = request.user
    return isinstance(user, User) and any(assignment.role == Role.REGULATOR for assignment in assignments_of(user))


def terms_missing(request: HttpRequest) -> bool:
    """A regulator of the SAS who has not agreed yet to the terms of use."""
    regulator = regulator_of(request)
    return regulator is not None and regulator.terms_accepted_at is None


def regulators_only(view: View) -> View:
    """A stranger gets 404, as if it did not exist; a regulator of the SAS agrees to the terms of use first."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_regulator(request):
            raise Http404
        if terms_missing(request):
            return redirect("sas:terms")
        return view(request, *args, **kwargs)

    return also_external(signed_in(wrapper))


def regulator_booker(request: HttpRequest) -> Booker:
    user = request.user if isinstance(request.user, User) else None
    return Booker(user=user, origin=Origin.SAS, departements=departements_of_regulator(request))


def departements_of_regulator(request: HttpRequest) -> frozenset[str] | None:
    """Those of the roles of a regulator; None for an account that the SAS declared: it says no territory."""
    if regulator_of(request) is not None or not isinstance(request.user, User):
        return None
    held = [assignment for assignment in assignments_of(request.user) if assignment.role == Role.REGULATOR]
    regions = [assignment.region_id for assignment in held if assignment.region_id]
    codes = {assignment.departement_id for assignment in held if assignment.departement_id}
    if regions:
        codes |= set(Departement.objects.filter(region__in=regions).values_list("code", flat=True))
    return frozenset(code for code in codes if code)
