from django.urls import path

from maillage.accounts.web import views

app_name = "accounts"
BASE = "cpts/<slug:cpts_slug>/"
urlpatterns = [
    path(f"{BASE}equipe/", views.team, name="team"),
    path(f"{BASE}equipe/roles/<int:assignment_id>/retirer/", views.withdraw_role, name="withdraw_role"),
    path(
        f"{BASE}equipe/invitations/<uuid:invitation_uuid>/retirer/",
        views.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path(f"{BASE}journal/", views.audit, name="audit"),
    path("invitation/<str:token>/", views.accept_invitation, name="accept_invitation"),
]
