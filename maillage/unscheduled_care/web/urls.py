from django.urls import path

from maillage.unscheduled_care.screens.routes import care
from maillage.unscheduled_care.web import (
    agenda_views,
    burst_views,
    desk_views,
    public_views,
    quick_views,
    request_views,
    week_views,
)

app_name = "unscheduled_care"


urlpatterns = [
    care("", desk_views.desk, name="desk"),
    care("creneaux.json", desk_views.find_json, name="desk_json"),
    care("reserver/<uuid:slot_uuid>/", desk_views.book, name="desk_book"),
    care("rendez-vous/", desk_views.appointments, name="appointments"),
    care("rendez-vous/<uuid:appointment_uuid>/", desk_views.appointment, name="appointment"),
    care("demandes/", request_views.request_list, name="requests"),
    care("demandes/retrouver/", request_views.find_patient, name="find_patient"),
    care("demandes/nouvelle/", request_views.new_request, name="new_request"),
    care("demandes/<uuid:request_uuid>/", request_views.show_request, name="request"),
    care("difficultes/", desk_views.difficulties, name="difficulties"),
    care("difficultes/<uuid:difficulty_uuid>/", desk_views.solve, name="solve"),
    care("rafales/<uuid:burst_uuid>/", burst_views.burst, name="burst"),
    care("demander-des-places/", desk_views.ask, name="ask"),
    care("chiffres/", desk_views.statistics, name="statistics"),
    care("semaine/", week_views.week, name="week"),
    care("reglages/", desk_views.settings, name="settings"),
    care("agenda/", agenda_views.agenda, name="own_agenda"),
    care("agenda/ouvrir/", agenda_views.open_slots, name="open_slots"),
    care("agenda/creneaux/", agenda_views.act, name="act"),
    care("agenda/lieux/", agenda_views.places, name="places"),
    care("agenda/lieux/<uuid:place_uuid>/", agenda_views.places, name="place"),
    care("agenda/absences/", agenda_views.absences, name="absences"),
    care("agenda/absences/<uuid:absence_uuid>/", agenda_views.remove_absence, name="remove_absence"),
    care("agenda/agendas/", agenda_views.calendars, name="calendars"),
    care("agenda/agendas/<uuid:calendar_uuid>/", agenda_views.remove_calendar, name="remove_calendar"),
    care("agenda/sas/", agenda_views.how, name="how"),
    care("agenda/rendez-vous/<uuid:appointment_uuid>/", desk_views.own_appointment, name="own_appointment"),
    path("demande/<str:token>/", request_views.solicited, name="solicited"),
    path("places/<str:token>/", quick_views.quick, name="quick"),
    path("rdv/<int:owner>/<str:token>/", public_views.personal, name="personal"),
    path("agenda-soins/<uuid:agenda_uuid>.ics", public_views.feed, name="feed"),
    path("annuler-un-rendez-vous/", public_views.cancel, name="cancel"),
]
