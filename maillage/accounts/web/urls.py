from django.urls import path

from maillage.accounts.web import account_views, accounts_views, opening_views, psc_views, recovery_views, views

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
    path("compte/adresse/", recovery_views.address, name="address"),
    path("compte/adresse/code/", recovery_views.address_code, name="address_code"),
    path("compte/pas-moi/<str:token>/", recovery_views.not_me, name="not_me"),
    path("compte/telephone-perdu/", recovery_views.lost_device, name="lost_device"),
    path(f"{BASE}comptes/", accounts_views.accounts_of_cpts, name="accounts_of_cpts"),
    path(f"{BASE}comptes/homologation.md", accounts_views.homologation_of_cpts, name="homologation_of_cpts"),
    path(f"{BASE}comptes/<uuid:user_uuid>/", recovery_views.check_in_person, name="check_in_person"),
    path("instance/comptes/", accounts_views.accounts, name="accounts"),
    path("instance/comptes/homologation.md", accounts_views.homologation, name="homologation"),
    path("instance/comptes/<uuid:user_uuid>/", recovery_views.check_for_instance, name="check_for_instance"),
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
