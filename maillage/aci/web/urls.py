from django.urls import path

from maillage.aci.web import views

app_name = "aci"
urlpatterns = [
    path("simulateur/", views.public_simulation, name="public_simulation"),
    path("cpts/<slug:cpts_slug>/financement/", views.simulation, name="simulation"),
]
