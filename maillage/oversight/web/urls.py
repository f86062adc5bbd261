from django.urls import path

from maillage.oversight.web import views

app_name = "oversight"
urlpatterns = [
    path("approbations/", views.approvals, name="approvals"),
    path("approbations/<uuid:cpts_uuid>/", views.approval, name="approval"),
    path("cpts/<slug:cpts_slug>/approbation/", views.own_approval, name="own_approval"),
    path("instance/identites/", views.identities, name="identities"),
    path("instance/identites/numeros/<uuid:dispute_uuid>/", views.settle_number, name="settle_number"),
    path("instance/identites/adhesions/<uuid:member_uuid>/", views.settle_membership, name="settle_membership"),
]
