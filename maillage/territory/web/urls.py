from django.urls import path

from maillage.territory.web import draft_views, professionals, views

app_name = "territory"
BASE = "cpts/<slug:cpts_slug>/territoire/"
urlpatterns = [
    path("nouvelle-cpts/", views.founding, name="found"),
    path("annuaire-des-cpts/", views.public_index, name="public_index"),
    path("c/<slug:slug>/", views.public_show, name="public_show"),
    path(BASE, views.show, name="show"),
    path("cpts/<slug:cpts_slug>/annuaire/", professionals.search, name="professionals"),
    path("cpts/<slug:cpts_slug>/annuaire/mouvements/", professionals.changes, name="movements"),
    path(f"{BASE}historique/", views.history, name="history"),
    path(f"{BASE}projet/", draft_views.draft, name="draft"),
    path(f"{BASE}projet/commencer/", draft_views.start, name="start"),
    path(f"{BASE}projet/modifier/", draft_views.change, name="change"),
    path(f"{BASE}projet/chercher/", draft_views.search, name="search"),
    path(f"{BASE}projet/coller/", draft_views.paste, name="paste"),
    path(f"{BASE}projet/communes/<slug:code>/", draft_views.part, name="part"),
    path(f"{BASE}versions/<int:number>/", views.version, name="version"),
    path(f"{BASE}projet/abandonner/", draft_views.discard, name="discard"),
    path(f"{BASE}projet/en-vigueur/", draft_views.put_in_force, name="put_in_force"),
]
