from django.urls import path

from maillage.portal.web import backup_views, data_views, facts_views, key_views, views

app_name = "portal"
urlpatterns = [
    path("", views.start, name="start"),
    path("demonstration/entrer/", views.demo_sign_in, name="demo_sign_in"),
    path("entree/", views.after_login, name="after_login"),
    path("espaces/", views.spaces, name="spaces"),
    path("mentions/", views.legal, name="legal"),
    path("cpts/<slug:cpts_slug>/", views.home, name="home"),
    path("cpts/<slug:cpts_slug>/faits/", facts_views.facts, name="facts"),
    path("instance/reference/", views.reference, name="reference"),
    path("instance/reference/recharger/", views.reload_reference, name="reload_reference"),
    path("instance/donnees/", data_views.open_data, name="open_data"),
    path("instance/donnees/charger/", data_views.load_open_data, name="load_open_data"),
    path("instance/donnees/<int:import_id>/rejets.csv", data_views.rejects, name="rejects"),
    path("instance/cles/", key_views.keys, name="keys"),
    path("instance/cles/renouveler/", key_views.renew_keys, name="renew_keys"),
    path("instance/cles/<uuid:owner_uuid>/detruire/", key_views.destroy_key, name="destroy_key"),
    path("instance/messages/", views.outbox, name="outbox"),
    path("instance/messages/<uuid:mail_uuid>/", views.outgoing_mail, name="mail"),
    path("instance/limites/", views.limits, name="limits"),
    path("instance/sauvegardes/", backup_views.backups, name="backups"),
    path("instance/sauvegardes/faire/", backup_views.make_backup, name="make_backup"),
    path("instance/lettres/", views.letters, name="letters"),
    path("instance/lettres/<slug:writer>/<slug:letter>/", views.letter, name="letter"),
    path("instance/composants/", views.gallery, name="gallery"),
    path("sante/vivant", views.alive, name="alive"),
    path("sante/pret", views.ready, name="ready"),
]
