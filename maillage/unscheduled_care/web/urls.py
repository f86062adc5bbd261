from django.urls import path

from maillage.unscheduled_care.web import sas_entry

app_name = "unscheduled_care"
urlpatterns = [
    path("sas/agenda/", sas_entry.agenda, name="agenda"),
]
