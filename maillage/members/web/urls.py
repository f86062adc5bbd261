from django.urls import path

from maillage.members.web import views

app_name = "members"
urlpatterns = [path("cpts/<slug:cpts_slug>/membres/", views.member_list, name="list")]
