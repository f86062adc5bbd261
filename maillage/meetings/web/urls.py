from django.urls import path

from maillage.meetings.web import attendance_views, public_views, views, voting_views, work_views

app_name = "meetings"
BASE = "cpts/<slug:cpts_slug>/reunions/"
ONE = f"{BASE}<uuid:meeting_uuid>/"
urlpatterns = [
    path(BASE, views.meeting_list, name="list"),
    path(f"{BASE}nouvelle/", work_views.add, name="add"),
    path(f"{BASE}regles/", voting_views.rules, name="rules"),
    path(f"{BASE}statuts/", voting_views.texts, name="texts"),
    path(f"{BASE}statuts/<uuid:text_uuid>.pdf", voting_views.text_file, name="text_file"),
    path(f"{BASE}taches/", views.tasks, name="tasks"),
    path(f"{BASE}taches/<uuid:task_uuid>/faite/", views.finish_task, name="finish_task"),
    path(f"{BASE}agenda/", views.calendar, name="calendar"),
    path(ONE, views.show, name="show"),
    path(f"{ONE}reponse/", views.reply, name="reply"),
    path(f"{ONE}modifier/", work_views.edit, name="edit"),
    path(f"{ONE}invites/", work_views.people, name="people"),
    path(f"{ONE}invites/<uuid:participant_uuid>/retirer/", work_views.withdraw, name="withdraw"),
    path(f"{ONE}invites/<uuid:participant_uuid>/attestation.pdf", views.attestation, name="attestation"),
    path(f"{ONE}courriers.pdf", work_views.letters, name="letters"),
    path(f"{ONE}sondage/", work_views.poll, name="poll"),
    path(f"{ONE}sondage/<uuid:option_uuid>/", work_views.choose_date, name="choose_date"),
    path(f"{ONE}convocation/", work_views.convene, name="convene"),
    path(f"{ONE}annulation/", work_views.cancel, name="cancel"),
    path(f"{ONE}documents/", work_views.join_document, name="join_document"),
    path(f"{ONE}documents/<uuid:document_uuid>.pdf", views.document, name="document"),
    path(f"{ONE}mur/", attendance_views.wall, name="wall"),
    path(f"{ONE}tablette/", attendance_views.tablet, name="tablet"),
    path(f"{ONE}feuille/", attendance_views.sheet, name="sheet"),
    path(f"{ONE}feuille.pdf", attendance_views.sheet_pdf, name="sheet_pdf"),
    path(f"{ONE}cloture/", attendance_views.close, name="close"),
    path(f"{ONE}compte-rendu/", attendance_views.minutes, name="minutes"),
    path(f"{ONE}compte-rendu/retirer/", attendance_views.strike, name="strike"),
    path(f"{ONE}compte-rendu.pdf", views.minutes_pdf, name="minutes_pdf"),
    path(f"{ONE}ma-page/", voting_views.own_page, name="own_page"),
    path(f"{ONE}votes/", voting_views.votes, name="votes"),
    path(f"{ONE}votes/pouvoirs/<uuid:proxy_uuid>/retirer/", voting_views.withdraw_proxy, name="withdraw_proxy"),
    path(f"{ONE}votes/<uuid:ballot_uuid>/", voting_views.act, name="act"),
    path(f"{ONE}votes/<uuid:ballot_uuid>/mains/", voting_views.hands, name="hands"),
    path(f"{ONE}votes/<uuid:ballot_uuid>/journal.xlsx", voting_views.journal, name="journal"),
    path("r/<str:token>/", public_views.personal, name="personal"),
    path("r/<str:token>/<str:paper>/", public_views.personal_paper, name="personal_paper"),
    path("r/<str:token>/documents/<uuid:document_uuid>/", public_views.personal_document, name="personal_document"),
    path("e/<uuid:meeting_uuid>/<str:code>/", public_views.sign, name="sign"),
    path("agenda/<uuid:feed_uuid>.ics", public_views.feed, name="feed"),
]
