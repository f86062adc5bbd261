from django.urls import path

from maillage.exchange.web import views

app_name = "exchange"
urlpatterns = [
    path("cpts/<slug:cpts_slug>/messages/", views.journal, name="journal"),
    path("cpts/<slug:cpts_slug>/messages/<uuid:contact_uuid>/reessayer/", views.retry_address, name="retry_address"),
    path("messages/<str:token>/", views.choices, name="choices"),
    path("messages/<str:token>/stop/", views.stop, name="stop"),
]
