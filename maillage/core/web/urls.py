from django.urls import path

from maillage.core.web import views

app_name = "core"
urlpatterns = [path("travaux/<uuid:job_uuid>/", views.job, name="job")]
