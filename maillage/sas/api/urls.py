from django.urls import path, re_path

from maillage.core.screens.access import View
from maillage.sas.api import agenda_views, regulator_views, sas_views
from maillage.sas.api.answering import address

app_name = "sas_api"
BASE = "fhir/sas"
AGENDA = "fhir/agenda"
PRIVATE = f"{AGENDA}/<uuid:agenda_uuid>"  # who knows it reads it


def private(view: View) -> View:
    """Read only, without certificate: the address itself is the secret."""
    return address(GET=view, certificate=False)


urlpatterns = [
    path(f"{BASE}/metadata", address(GET=sas_views.metadata), name="metadata"),
    re_path(rf"^{BASE}/Slot/?$", address(GET=sas_views.search), name="slots"),
    path(f"{BASE}/Slot/<key>", address(GET=sas_views.read_slot), name="slot"),
    path(f"{BASE}/Schedule/<key>", address(GET=sas_views.read_schedule), name="schedule"),
    re_path(
        rf"^{BASE}/Practitioner/?$", address(POST=regulator_views.create, PUT=regulator_views.put), name="regulators"
    ),
    path(f"{BASE}/Practitioner/<key>", address(GET=sas_views.read_practitioner), name="practitioner"),
    path(f"{BASE}/PractitionerRole/<key>", address(GET=sas_views.read_role), name="role"),
    path(f"{BASE}/HealthcareService/<key>", address(GET=sas_views.read_service), name="service"),
    path(f"{BASE}/Organization/<key>", address(GET=sas_views.read_organization), name="organization"),
    path(f"{BASE}/", address(GET=sas_views.nothing_here), name="root"),
    path(f"{BASE}/<path:rest>", address(GET=sas_views.nothing_here), name="nothing"),
    *(
        path(f"{PRIVATE}{route}", private(view), name=f"agenda_{name}")
        for name, route, view in (
            ("root", "", agenda_views.metadata),
            ("metadata", "/metadata", agenda_views.metadata),
            ("schedules", "/Schedule", agenda_views.schedules),
            ("slots", "/Slot", agenda_views.slots),
            ("appointments", "/Appointment", agenda_views.appointments),
            ("read", "/<kind>/<key>", agenda_views.read),
        )
        for route in (f"{route}/", route)  # with or without the last slash, as the SAS
    ),
    re_path(rf"^{AGENDA}(?:/(?P<rest>.*))?$", address(GET=sas_views.nothing_here, certificate=False), name="no_agenda"),
]
