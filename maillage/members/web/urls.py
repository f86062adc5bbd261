from django.urls import path

from maillage.members.web import governance_views, import_views, public_views, representation_views, views, work_views

app_name = "members"
BASE = "cpts/<slug:cpts_slug>/membres/"
ONE = f"{BASE}<uuid:member_uuid>/"
urlpatterns = [
    path(BASE, views.member_list, name="list"),
    path("cpts/<slug:cpts_slug>/ma-fiche/", views.own, name="own"),
    path(f"{BASE}ajouter/", work_views.choose, name="choose"),
    path(f"{BASE}ajouter/fiche/", work_views.add, name="add"),
    path(f"{BASE}importer/", import_views.imports, name="imports"),
    path(f"{BASE}importer/<uuid:import_uuid>/", import_views.one_import, name="import"),
    path(f"{BASE}mandats/", governance_views.mandates, name="mandates"),
    path(f"{BASE}mandats/<uuid:mandate_uuid>/fin/", governance_views.end_mandate, name="end_mandate"),
    path(f"{BASE}conventions/", governance_views.conventions, name="conventions"),
    path(
        f"{BASE}conventions/<uuid:convention_uuid>/document.pdf",
        governance_views.convention_document,
        name="convention_document",
    ),
    path(
        f"{BASE}conventions/<uuid:convention_uuid>/retirer/",
        governance_views.remove_convention,
        name="remove_convention",
    ),
    path(f"{BASE}representation/", representation_views.representation, name="representation"),
    path(f"{BASE}manquants/", representation_views.missing, name="missing"),
    path(f"{BASE}manquants/courriers/", representation_views.campaign, name="campaign"),
    path(f"{BASE}colleges/", work_views.colleges, name="colleges"),
    path(f"{BASE}colleges/<uuid:college_uuid>/supprimer/", work_views.remove_college, name="remove_college"),
    path(f"{BASE}cotisations/<int:fee_id>/retirer/", work_views.cancel_fee, name="cancel_fee"),
    path(ONE, views.show, name="show"),
    path(f"{ONE}modifier/", work_views.edit, name="edit"),
    path(f"{ONE}decision/", work_views.decide, name="decide"),
    path(f"{ONE}reprise/", work_views.take_back, name="take_back"),
    path(f"{ONE}reunir/", work_views.merge, name="merge"),
    path(f"{ONE}depart/", work_views.leave, name="leave"),
    path(f"{ONE}cotisation/", work_views.add_fee, name="add_fee"),
    path(f"{ONE}attestation.pdf", views.attestation, name="attestation"),
    path(f"{ONE}contact.vcf", views.vcard, name="vcard"),
    path("c/<slug:slug>/adherer/", public_views.join, name="join"),
    path("c/<slug:slug>/adherer/merci/", public_views.join_sent, name="join_sent"),
    path("c/<slug:slug>/annuaire/", public_views.public_directory, name="public"),
]
