from django.urls import path

from maillage.geography.web import views

app_name = "geography"
urlpatterns = [path("contours/<slug:departement>.json", views.outlines, name="outlines")]
