from django.urls import path

from maillage.sas.web import entry_views, regulation_views, simulator_views
from maillage.unscheduled_care.screens.routes import care

app_name = "sas"

urlpatterns = [
    path("regulation/", regulation_views.find, name="regulation"),
    path("regulation/creneaux.json", regulation_views.find_json, name="regulation_json"),
    path("regulation/reserver/<uuid:slot_uuid>/", regulation_views.book, name="regulation_book"),
    path("regulation/rendez-vous/", regulation_views.appointments, name="regulation_appointments"),
    path(
        "regulation/rendez-vous/<uuid:appointment_uuid>/", regulation_views.appointment, name="regulation_appointment"
    ),
    path("regulation/rendez-vous/<uuid:appointment_uuid>/suite/", regulation_views.act, name="regulation_act"),
    care("regulateur/", simulator_views.simulator, name="simulator"),
    path("sas/agenda/", entry_views.agenda, name="agenda"),
    path("sas/retour/", entry_views.back, name="back"),
    path("sas/conditions/", entry_views.terms, name="terms"),
]
