from django.urls import path

from maillage.accounts.web import account_views, views

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
    path("compte/connexions/", account_views.connections, name="connections"),
    path("compte/connexions/fermer/", account_views.end_one_session, name="end_session"),
    path("compte/protection/", account_views.protect, name="protect"),
    path("invitation/<str:token>/", views.accept_invitation, name="accept_invitation"),
]
