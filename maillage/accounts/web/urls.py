from django.urls import path

from maillage.accounts.web import account_views, opening_views, psc_views, views

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
    path("compte/reprendre/<str:name>/", account_views.resume, name="resume"),
    path("compte/psc/", psc_views.leave, name="psc"),
    path("compte/psc/retour/", psc_views.back, name="psc_back"),
    path("compte/psc/relier/", psc_views.link, name="psc_link"),
    path("compte/psc/delier/", psc_views.unlink, name="psc_unlink"),
    path("compte/psc/activite/", psc_views.choose_activity, name="psc_activity"),
    path("compte/psc/nouveau/", opening_views.unknown, name="psc_unknown"),
    path("compte/psc/nouveau/code/", opening_views.open_account, name="psc_open"),
    path("compte/psc/sortie/", psc_views.signed_out, name="psc_signed_out"),
    path("invitation/<str:token>/", views.accept_invitation, name="accept_invitation"),
]
