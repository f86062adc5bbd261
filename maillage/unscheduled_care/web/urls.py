from django.urls import path

from maillage.unscheduled_care.web import (
    agenda_views,
    desk_views,
    public_views,
    quick_views,
    regulation_views,
    request_views,
    sas_entry,
    simulator_views,
    week_views,
)

app_name = "unscheduled_care"
CARE = "cpts/<slug:cpts_slug>/soins"
urlpatterns = [
    path(f"{CARE}/", desk_views.desk, name="desk"),
    path(f"{CARE}/reserver/<uuid:slot_uuid>/", desk_views.book, name="desk_book"),
    path(f"{CARE}/rendez-vous/", desk_views.appointments, name="appointments"),
    path(f"{CARE}/rendez-vous/<uuid:appointment_uuid>/", desk_views.appointment, name="appointment"),
    path(f"{CARE}/demandes/", request_views.request_list, name="requests"),
    path(f"{CARE}/demandes/nouvelle/", request_views.new_request, name="new_request"),
    path(f"{CARE}/demandes/<uuid:request_uuid>/", request_views.show_request, name="request"),
    path(f"{CARE}/difficultes/", desk_views.difficulties, name="difficulties"),
    path(f"{CARE}/difficultes/<uuid:difficulty_uuid>/", desk_views.solve, name="solve"),
    path(f"{CARE}/demander-des-places/", desk_views.ask, name="ask"),
    path(f"{CARE}/chiffres/", desk_views.statistics, name="statistics"),
    path(f"{CARE}/semaine/", week_views.week, name="week"),
    path(f"{CARE}/regulateur/", simulator_views.simulator, name="simulator"),
    path(f"{CARE}/reglages/", desk_views.settings, name="settings"),
    path(f"{CARE}/agenda/", agenda_views.agenda, name="own_agenda"),
    path(f"{CARE}/agenda/ouvrir/", agenda_views.open_slots, name="open_slots"),
    path(f"{CARE}/agenda/creneaux/", agenda_views.act, name="act"),
    path(f"{CARE}/agenda/lieux/", agenda_views.places, name="places"),
    path(f"{CARE}/agenda/lieux/<uuid:place_uuid>/", agenda_views.places, name="place"),
    path(f"{CARE}/agenda/absences/", agenda_views.absences, name="absences"),
    path(f"{CARE}/agenda/absences/<uuid:absence_uuid>/", agenda_views.remove_absence, name="remove_absence"),
    path(f"{CARE}/agenda/agendas/", agenda_views.calendars, name="calendars"),
    path(f"{CARE}/agenda/agendas/<uuid:calendar_uuid>/", agenda_views.remove_calendar, name="remove_calendar"),
    path(f"{CARE}/agenda/sas/", agenda_views.how, name="how"),
    path(f"{CARE}/agenda/rendez-vous/<uuid:appointment_uuid>/", desk_views.own_appointment, name="own_appointment"),
    path("regulation/", regulation_views.find, name="regulation"),
    path("regulation/reserver/<uuid:slot_uuid>/", regulation_views.book, name="regulation_book"),
    path("regulation/rendez-vous/", regulation_views.appointments, name="regulation_appointments"),
    path(
        "regulation/rendez-vous/<uuid:appointment_uuid>/", regulation_views.appointment, name="regulation_appointment"
    ),
    path("regulation/rendez-vous/<uuid:appointment_uuid>/suite/", regulation_views.act, name="regulation_act"),
    path("demande/<str:token>/", request_views.solicited, name="solicited"),
    path("places/<str:token>/", quick_views.quick, name="quick"),
    path("rdv/<int:owner>/<str:token>/", public_views.personal, name="personal"),
    path("agenda-soins/<uuid:agenda_uuid>.ics", public_views.feed, name="feed"),
    path("annuler-un-rendez-vous/", public_views.cancel, name="cancel"),
    path("sas/agenda/", sas_entry.agenda, name="agenda"),
    path("sas/retour/", sas_entry.back, name="back"),
    path("sas/conditions/", sas_entry.terms, name="terms"),
]
