from django.urls import path

from maillage.records.web import draft_views

app_name = "records"
urlpatterns = [path("cpts/<slug:cpts_slug>/brouillons/<str:key>/", draft_views.draft, name="draft")]
