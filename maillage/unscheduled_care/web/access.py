"""Who somebody is here: the owner of an agenda, a regulator, or the bearer of a signed link."""

from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from maillage.accounts.models import Role, User
from maillage.accounts.permissions import CptsRequest, assignments_of
from maillage.core.access import View, also_external, signed_in
from maillage.core.rows import Columns, read_one
from maillage.exchange import links
from maillage.geography.models import Departement
from maillage.members.models import Membership
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.actions import Booker
from maillage.unscheduled_care.models import Appointment, Effector, EffectorMembership, Origin, Regulator
from maillage.unscheduled_care.notifications import appointment_purpose
from maillage.unscheduled_care.rules.pdsa import zone_of
from maillage.unscheduled_care.rules.sas_query import PRACTITIONER_SYSTEM

# In the session: the regulator whom the identity provider named, by which number, and the page they came for.
THROUGH_SAS, NUMBER, WANTED = "through_sas", "through_sas_number", "wanted_through_sas"

REGULATOR = Columns(Regulator)
BORNE = """one.uuid = %s AND EXISTS (SELECT 1 FROM unscheduled_care_regulatoridentifier AS borne
    WHERE borne.regulator_id = one.id AND borne.is_active AND borne.system = %s AND borne.value = %s)"""


def on_local_clock(view: View) -> View:
    """A page of a CPTS whose hours are told and typed by the clock of its territory, overseas too."""

    @wraps(view)
    def wrapper(request: CptsRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(zone_of(request.cpts.departement_id)):
            return view(request, *args, **kwargs)

    return wrapper


def own_membership(request: CptsRequest) -> Membership | None:
    """The membership of the signed-in person in the CPTS of the page, when they are a person who exercises."""
    mine = Membership.objects.of(request.cpts).current().of_account(request.user)
    return (
        mine.select_related("commune", "cpts").defer("commune__outline", "commune__neighbours").order_by("pk").first()
    )


def own_effector(request: CptsRequest) -> Effector | None:
    """Their agenda, once they opened it here; not while the number it is under is contested."""
    mine = Membership.objects.of(request.cpts).current().of_account(request.user).values("pk")
    opened_here = EffectorMembership.objects.filter(membership__in=mine).values("effector")
    return Effector.objects.of_account(request.user).filter(pk__in=opened_here).first()


def regulator_of(request: HttpRequest) -> Regulator | None:
    """The account that the SAS declared, for this session only, as long as it is open. Read once a request."""
    if not hasattr(request, THROUGH_SAS):
        setattr(request, THROUGH_SAS, _vouched_for(request))
    found: Regulator | None = getattr(request, THROUGH_SAS)
    return found


def _vouched_for(request: HttpRequest) -> Regulator | None:
    """While this session is its account's, and it bears the number that the provider vouched for."""
    uuid, user = request.session.get(THROUGH_SAS), request.user
    if not uuid or not isinstance(user, User):
        return None
    regulator = read_one(REGULATOR, BORNE, [UUID(uuid), PRACTITIONER_SYSTEM, request.session.get(NUMBER, "")])
    is_theirs = regulator and regulator.is_active and user.identifier == actions.sign_in_name(regulator)
    return regulator if is_theirs else None


def is_regulator(request: HttpRequest) -> bool:
    if regulator_of(request) is not None:
        return True
    user = request.user
    return isinstance(user, User) and any(one.role == Role.REGULATOR for one in assignments_of(user))


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
            return redirect("unscheduled_care:terms")
        return view(request, *args, **kwargs)

    return also_external(signed_in(wrapper))


def regulator_booker(request: HttpRequest) -> Booker:
    user = request.user if isinstance(request.user, User) else None
    return Booker(
        user=user, origin=Origin.SAS, regulator=regulator_of(request), departements=departements_of_regulator(request)
    )


def departements_of_regulator(request: HttpRequest) -> frozenset[str] | None:
    """Those of the roles of a regulator; None for an account that the SAS declared: it says no territory."""
    if regulator_of(request) is not None or not isinstance(request.user, User):
        return None
    held = [one for one in assignments_of(request.user) if one.role == Role.REGULATOR]
    regions = [one.region_id for one in held if one.region_id]
    codes = {one.departement_id for one in held if one.departement_id}
    if regions:
        codes |= set(Departement.objects.filter(region__in=regions).values_list("code", flat=True))
    return frozenset(code for code in codes if code)


def appointment_of(owner: int, token: str, at: datetime) -> Appointment:
    """What a professional's link speaks of, while the patient is theirs. Raises LinkUnusable."""
    rows = Appointment.objects.select_related("slot__schedule", "effector", "cpts")
    feed = Effector.objects.uncontested().filter(pk=owner).values_list("feed", flat=True).first()
    if feed is None:
        raise links.LinkUnusable("Cet agenda n’est plus ouvert, ou attend une décision de l’administration.")
    uuid = links.read(appointment_purpose(feed), token, at=at)
    appointment = rows.filter(uuid=uuid, effector=owner).first()
    if appointment is None:
        raise links.LinkUnusable("Ce rendez-vous n’existe plus, ou a été confié à un collègue.")
    return appointment
