from django.urls import path

from maillage.territorial_diagnosis.web import export_views, file_views, views, work_views

app_name = "diagnosis"
BASE = "cpts/<slug:cpts_slug>/diagnostic/"
urlpatterns = [
    path(BASE, views.overview, name="overview"),
    path(f"{BASE}themes/<slug:theme>/", views.theme, name="theme"),
    path(f"{BASE}indicateurs/<slug:indicator>/", views.indicator, name="indicator"),
    path(f"{BASE}et-si/<slug:indicator>/", views.what_if, name="what_if"),
    path(f"{BASE}saisies/", work_views.entries, name="entries"),
    path(f"{BASE}saisies/<int:vintage_id>/effacer/", work_views.erase_entry, name="erase_entry"),
    path(f"{BASE}existant/", work_views.resources, name="resources"),
    path(f"{BASE}existant/<uuid:resource_uuid>/horaires/", work_views.hours, name="hours"),
    path(f"{BASE}existant/<uuid:resource_uuid>/retirer/", work_views.remove_resource, name="remove_resource"),
    path(f"{BASE}manques/", work_views.gaps, name="gaps"),
    path(f"{BASE}priorites/", work_views.priorities, name="priorities"),
    path(f"{BASE}priorites/<uuid:priority_uuid>/", work_views.change_priority, name="change_priority"),
    path(f"{BASE}versions/", work_views.versions, name="versions"),
    path(f"{BASE}versions/<int:number>/", work_views.version, name="version"),
    path(f"{BASE}fichiers/", file_views.add, name="files"),
    path(f"{BASE}fichiers/lire/", file_views.map_columns, name="map_columns"),
    path(f"{BASE}export/<slug:kind>/", export_views.export, name="export"),
]
