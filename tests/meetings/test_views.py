"""Pages of meetings: rights, the personal link, the wall, the tablet, the sheet, papers; 300 people in a minute."""

import io
import re
import threading
from datetime import timedelta

import icalendar
import pypdf
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.core import links
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions
from maillage.meetings.jobs import tell
from maillage.meetings.models import (
    Answer,
    BodyRule,
    CalendarFeed,
    Means,
    Meeting,
    MeetingStatus,
    Participant,
    Presence,
    Task,
)
from maillage.meetings.notifications import personal_purpose
from maillage.meetings.rules.signin import code_at
from maillage.meetings.web.tablet_views import tablet_token
from tests.factories import (
    HOUR,
    NOON,
    MeetingFactory,
    MembershipFactory,
    OrganizationFactory,
    ParticipantFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
    UserFactory,
)


@pytest.fixture
def meeting(cpts):
    """Going on now: the pages read the clock of the day."""
    now = timezone.now().replace(microsecond=0)
    return MeetingFactory(cpts=cpts, starts_at=now - HOUR / 2, ends_at=now + HOUR, agenda="Budget")


@pytest.fixture
def person(meeting):
    return ParticipantFactory(meeting=meeting, invited_at=NOON)


def link(person, days=1):
    """As it would be mailed now."""
    person = Participant.objects.for_link().get(pk=person.pk)
    return links.sign(personal_purpose(person), person.uuid, until=timezone.now() + timedelta(days=days))


def personal(person, **more):
    return reverse("meetings:personal", args=[link(person, **more)])


def wall_url(meeting, at=None):
    code = code_at(settings.SECRET_KEY, meeting.uuid.hex, at or timezone.now())
    return reverse("meetings:sign", args=[meeting.uuid, code])


def tablet(meeting, by):
    lent = actions.lend_tablet(meeting=meeting, by=by, at=timezone.now())
    return reverse("meetings:tablet", args=[tablet_token(lent)])


def page(name, meeting, *more):
    return reverse(f"meetings:{name}", args=[meeting.cpts.slug, meeting.uuid, *more])


def test_opening_the_link_of_a_mail_changes_nothing_and_one_tap_answers(client, person):
    url = personal(person)
    assert "Je viens" in client.get(url).content.decode()
    person.refresh_from_db()
    assert person.answer == Answer.NONE
    assert "vous venez" in client.post(url, {"do": "yes"}, follow=True).content.decode()
    person.refresh_from_db()
    assert person.answer == Answer.YES
    client.post(url, {"do": "no"})
    person.refresh_from_db()
    assert person.answer == Answer.NO


def test_a_link_that_expired_or_was_cut_opens_nothing(client, person):
    for url in (personal(person, days=-1), reverse("meetings:personal", args=[link(person)[:-3]])):
        response = client.get(url)
        assert response.status_code == 410
        assert person.name not in response.content.decode()
    url = personal(person)
    person.delete()
    assert client.get(url).status_code == 410


def code_of(person):
    """The last code that the address of somebody received."""
    mails = OutgoingMail.objects.filter(recipient=person.address, subject__startswith="Votre code")
    return re.search(r"\b\d{6}\b", mails.latest("pk").body)[0]


def prove(client, person, url=None):
    """On one's own page, or where else the same is asked: a code, received and typed."""
    url = url or personal(person)
    client.post(url, {"do": "own-code"})
    return client.post(url, {"do": "prove", "code": code_of(person)}, follow=True)


def test_signing_in_from_the_wall_asks_a_code_and_no_address_of_whoever_opened_their_link(client, meeting, person):
    client.get(personal(person))
    url = wall_url(meeting)
    shown = client.get(url).content.decode()
    assert f"Vous êtes {person.name}" in shown
    assert "a…@exemple.invalid" in shown
    assert person.address not in shown
    client.post(url, {"do": "sign"})
    assert not Presence.objects.exists()
    assert "C’est signé" in prove(client, person, url).content.decode()
    presence = Presence.objects.get()
    assert (presence.means, len(presence.device)) == (Means.CODE, 32)
    client.post(url, {"do": "sign"})
    assert Presence.objects.count() == 1


def test_who_proved_themselves_on_their_page_signs_at_the_wall_in_one_tap(client, meeting, person):
    prove(client, person)
    url = wall_url(meeting)
    assert f"Je suis {person.name}, je signe" in client.get(url).content.decode()
    assert "C’est signé" in client.post(url, {"do": "sign"}, follow=True).content.decode()
    assert Presence.objects.get().means == Means.CODE


def test_an_account_is_enough_to_be_known(client, cpts, meeting, member):
    membership = MembershipFactory(cpts=cpts, email=member.email)
    ParticipantFactory(meeting=meeting, membership=membership)
    client.force_login(member)
    client.post(wall_url(meeting), {"do": "sign"})
    assert Presence.objects.get().means == Means.SESSION


def test_a_photo_of_the_wall_sent_to_an_absent_member_is_no_longer_any_use(client, meeting, person):
    client.get(personal(person))
    stale = wall_url(meeting, timezone.now() - timedelta(minutes=3))
    for response in (client.get(stale), client.post(stale, {"do": "sign"})):
        assert response.status_code == 410
        assert "a changé" in response.content.decode()
    other = MeetingFactory(cpts=meeting.cpts, starts_at=meeting.starts_at, ends_at=meeting.ends_at)
    wrong = reverse("meetings:sign", args=[other.uuid, wall_url(meeting).split("/")[-2]])
    assert client.get(wrong).status_code == 410
    assert not Presence.objects.exists()


def test_the_wall_opens_nothing_outside_the_meeting(client, meeting, person):
    client.get(personal(person))
    Meeting.objects.update(starts_at=timezone.now() + 2 * HOUR, ends_at=timezone.now() + 3 * HOUR)
    assert client.post(wall_url(meeting), {"do": "sign"}).status_code == 410
    Meeting.objects.update(starts_at=timezone.now(), status=MeetingStatus.CANCELLED)
    assert client.post(wall_url(meeting), {"do": "sign"}).status_code == 410


def test_the_wall_alone_identifies_nobody(client, meeting, person):
    url = wall_url(meeting)
    assert person.name not in client.get(url).content.decode()
    assert client.post(url, {"do": "sign"}).status_code == 200
    assert not Presence.objects.exists()


def test_a_code_by_mail_lets_in_whoever_has_neither_link_nor_account(client, meeting, person):
    url = wall_url(meeting)
    client.get(url)
    shown = client.post(url, {"do": "send", "email": "n’importe quoi"}).content.decode()
    assert "n’importe quoi" in shown
    client.post(url, {"do": "send", "email": person.membership.email})
    code = re.search(r"\b\d{6}\b", OutgoingMail.objects.get().body)[0]
    answer = {"do": "code", "email": person.membership.email}
    assert "n’est pas le bon" in client.post(url, answer | {"code": "12"}).content.decode()
    # The wall has turned meanwhile: whoever stood there a moment ago still types their code.
    turned = wall_url(meeting, timezone.now() - timedelta(minutes=4))
    shown = client.post(turned, answer | {"code": code}, follow=True).content.decode()
    assert f"C’est signé, {person.name}" in shown


def test_an_unknown_address_learns_nothing(client, meeting, person):
    url = wall_url(meeting)
    texts = [
        client.post(url, {"do": "send", "email": email}).content.decode()
        for email in ("inconnue@exemple.invalid", person.membership.email)
    ]
    known, unknown = (re.sub(r'value="[^"]+"', "", text) for text in texts)
    assert known == unknown


def test_two_presences_from_one_telephone_are_shown(client, coordinator, meeting):
    people = ParticipantFactory.create_batch(2, meeting=meeting)
    alone = ParticipantFactory(meeting=meeting)
    for one in people:
        client.get(personal(one))
        prove(client, one, wall_url(meeting))
    other = Client()
    other.get(personal(alone))
    prove(other, alone, wall_url(meeting))
    assert Presence.objects.count() == 3
    desk = Client()
    desk.force_login(coordinator)
    shown = desk.get(page("sheet", meeting)).content.decode()
    warning = re.search(r"Un même téléphone a signé pour ([^<]+)\.<", shown)[1]
    assert {one.name for one in people} == set(warning.split(" et "))


def test_somebody_else_may_use_the_same_telephone(client, meeting, person):
    client.get(personal(person))
    url = wall_url(meeting)
    shown = client.get(f"{url}?autre=1").content.decode()
    assert "Recevoir un code" in shown
    assert person.name not in client.get(url).content.decode()


def test_the_tablet_signs_with_a_tap_and_takes_walk_ins(client, coordinator, meeting, person):
    client.force_login(coordinator)
    url = tablet(meeting, coordinator)
    fragment = client.post(url, {"who": person.pk}, headers={"hx-request": "true"}).content.decode()
    assert fragment.strip().startswith("<li>")
    assert "là depuis" in fragment
    client.post(url, {"who": ParticipantFactory(meeting=meeting).pk})
    client.post(url, {"do": "add", "name": "Ève Passant", "occupation": "Ostéopathe"})
    assert Presence.objects.filter(means=Means.TABLET).count() == 3
    assert client.post(url, {"who": "rien"}).status_code == 404
    elsewhere = ParticipantFactory(meeting=MeetingFactory(cpts=meeting.cpts))
    assert client.post(url, {"who": elsewhere.pk}).status_code == 404
    found = client.get(url, {"q": "passant"}).content.decode()
    assert "Ève Passant" in found
    assert person.name not in found


def test_the_sheet_keeps_what_was_typed_when_it_is_wrong(client, coordinator, meeting, person):
    client.force_login(coordinator)
    url = page("sheet", meeting)
    typed = {f"here-{person.pk}": "on", f"from-{person.pk}": "25 h", f"to-{person.pk}": ""}
    shown = client.post(url, typed).content.decode()
    assert "Tapez une heure" in shown
    assert "25 h" in shown
    assert not Presence.objects.exists()
    client.post(url, typed | {f"from-{person.pk}": ""})
    assert Presence.objects.get().arrived_at == meeting.starts_at


def test_a_meeting_ends_with_everything_there(client, coordinator, meeting, person):
    client.force_login(coordinator)
    client.post(tablet(meeting, coordinator), {"who": person.pk})
    now = timezone.localtime()
    response = client.post(page("close", meeting), {"ended": f"{now:%H:%M}"}, follow=True)
    assert "attestations sont prêtes" in response.content.decode()
    minutes = page("minutes", meeting)
    assert "1. Budget" in client.get(minutes).content.decode()
    client.post(minutes, {"do": "decision", "text": "Budget adopté"})
    client.post(
        minutes, {"do": "task", "text": "Écrire à l’ARS", "owner": person.membership_id, "due_on": "15/01/2027"}
    )
    client.post(minutes, {"do": "validate", "text": "1. Budget\nAdopté.", "version": "0"})
    assert Task.objects.get().owner == person.membership
    for name, more in (("sheet_pdf", ()), ("minutes_pdf", ()), ("attestation", (person.uuid,))):
        response = client.get(page(name, meeting, *more))
        assert response.content.startswith(b"%PDF"), name
    word = client.get(page("minutes_docx", meeting))
    assert word.content.startswith(b"PK")
    assert "compte-rendu.docx" in word["Content-Disposition"]
    stranger = Client()
    for paper in ("attestation", "compte-rendu"):
        url = reverse("meetings:personal_paper", args=[link(person), paper])
        assert stranger.get(url).content.startswith(b"%PDF"), paper


def test_a_task_with_a_wrong_date_comes_back_as_typed(client, coordinator, meeting):
    client.force_login(coordinator)
    shown = client.post(page("minutes", meeting), {"do": "task", "text": "Écrire", "due_on": "hier"}).content.decode()
    assert 'value="hier"' in shown
    assert 'role="alert"' in shown
    assert not Task.objects.exists()


def test_papers_are_not_for_others(client, cpts, meeting, person, member):
    actions.sign_in(participant=person, means=Means.CODE, at=timezone.now())
    client.force_login(member)
    assert client.get(page("attestation", meeting, person.uuid)).status_code == 404
    early = reverse("meetings:personal_paper", args=[link(person), "attestation"])
    assert Client().get(early).status_code == 404  # before the meeting is closed, its hours are not known
    for name in ("minutes_pdf", "minutes_docx"):
        assert client.get(page(name, meeting)).status_code == 404


@pytest.mark.parametrize(
    ("kind", "status", "invited", "seen"),
    [
        ("group", "planned", False, 200),
        ("group", "draft", True, 404),
        ("bureau", "planned", False, 404),
        ("bureau", "planned", True, 200),
        ("case", "planned", False, 404),
    ],
)
def test_members_read_what_concerns_them(client, cpts, meeting, member, kind, status, invited, seen):
    Meeting.objects.update(kind=kind, status=status)
    if invited:
        ParticipantFactory(meeting=meeting, membership=MembershipFactory(cpts=cpts, email=member.email))
    client.force_login(member)
    assert client.get(page("show", meeting)).status_code == seen
    listed = meeting.title in client.get(reverse("meetings:list", args=[cpts.slug])).content.decode()
    assert listed is (seen == 200)


def test_a_member_answers_from_the_page_of_the_meeting(client, cpts, meeting, member):
    client.force_login(member)
    assert client.post(page("reply", meeting), {"do": "yes"}).status_code == 404
    person = ParticipantFactory(meeting=meeting, membership=MembershipFactory(cpts=cpts, email=member.email))
    client.post(page("reply", meeting), {"do": "yes"})
    person.refresh_from_db()
    assert person.answer == Answer.YES


def test_a_task_is_finished_by_its_owner_and_by_nobody_else(client, cpts, meeting, member):
    other = Task.objects.create(cpts=cpts, meeting=meeting, text="À quelqu’un d’autre")
    own = Task.objects.create(
        cpts=cpts, meeting=meeting, text="À moi", owner=MembershipFactory(cpts=cpts, email=member.email)
    )
    client.force_login(member)
    url = reverse("meetings:tasks", args=[cpts.slug])
    shown = client.get(url).content.decode()
    assert "À moi" in shown
    assert "À quelqu’un d’autre" not in shown
    finish = lambda task: client.post(reverse("meetings:finish_task", args=[cpts.slug, task.uuid])).status_code  # noqa: E731
    assert (finish(own), finish(other)) == (302, 404)
    assert Task.objects.open().get() == other


def test_a_meeting_is_prepared_from_the_screen(client, cpts, coordinator):
    client.force_login(coordinator)
    MembershipFactory.create_batch(3, cpts=cpts)
    typed = {"title": "Soirée", "kind": "information", "on": "03/12/2030", "starts": "20h", "ends": "19 h 30"}
    shown = client.post(reverse("meetings:add", args=[cpts.slug]), typed).content.decode()
    assert "La fin vient avant le début" in shown
    assert 'value="Soirée"' in shown
    client.post(reverse("meetings:add", args=[cpts.slug]), typed | {"ends": "21 h 30"})
    meeting = Meeting.objects.get()
    assert timezone.localtime(meeting.ends_at).strftime("%d/%m/%Y %H:%M") == "03/12/2030 21:30"
    people = page("people", meeting)
    client.post(people, {"do": "group", "group": "members"})
    client.post(people, {"do": "person", "name": "M. le maire", "email": "maire@exemple.invalid"})
    assert meeting.participants.count() == 4
    assert (
        "déjà invitée"
        in client.post(people, {"do": "person", "name": "Lui", "email": "MAIRE@exemple.invalid"}).content.decode()
    )
    client.post(page("withdraw", meeting, meeting.participants.first().uuid))
    client.post(page("convene", meeting))
    meeting.refresh_from_db()
    assert (meeting.status, meeting.participants.count()) == (MeetingStatus.PLANNED, 3)


def test_a_late_assembly_asks_for_a_reason_on_screen(client, cpts, coordinator):
    client.force_login(coordinator)
    day = timezone.now() + timedelta(days=3)
    meeting = MeetingFactory(cpts=cpts, kind="assembly", draft=True, starts_at=day, ends_at=day + HOUR)
    ParticipantFactory(meeting=meeting)
    shown = client.post(page("convene", meeting)).content.decode()
    assert "Le délai de convocation est de 15 jours" in shown
    client.post(page("convene", meeting), {"reason": "Urgence"})
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PLANNED


def test_the_statutes_are_written_down(client, cpts, coordinator):
    client.force_login(coordinator)
    url = reverse("meetings:rules", args=[cpts.slug])
    assert 'value="15"' in client.get(url).content.decode()
    assert "100" in client.post(url, {"quorum_percent": "120"}).content.decode()
    client.post(f"{url}?instance=council", {"notice_days": "8", "quorum_percent": "50", "proxies_max": "2"})
    rule = BodyRule.objects.get()
    assert (rule.kind, rule.notice_days, rule.quorum_percent, rule.proxies_max) == ("council", 8, 50, 2)


def test_the_calendar_of_a_person_follows_their_meetings(client, cpts, member):
    membership = MembershipFactory(cpts=cpts, email=member.email)
    mine = MeetingFactory(cpts=cpts, sequence=2)
    gone = MeetingFactory(cpts=cpts, status=MeetingStatus.CANCELLED)
    for one in (mine, gone):
        ParticipantFactory(meeting=one, membership=membership, invited_at=NOON)
    refused = MeetingFactory(cpts=cpts)
    ParticipantFactory(meeting=refused, membership=membership, invited_at=NOON, answer="no", answered_at=NOON)
    ParticipantFactory(meeting=MeetingFactory(cpts=cpts), invited_at=NOON)
    client.force_login(member)
    client.post(reverse("meetings:calendar", args=[cpts.slug]))
    feed = CalendarFeed.objects.get()
    anybody = Client()
    url = reverse("meetings:feed", args=[feed.uuid])
    events = icalendar.Calendar.from_ical(anybody.get(url).content).walk("VEVENT")
    assert {str(one["uid"]).split("@")[0]: str(one["status"]) for one in events} == {
        str(mine.uuid): "CONFIRMED",
        str(gone.uuid): "CANCELLED",
    }
    client.post(reverse("meetings:calendar", args=[cpts.slug]))
    assert anybody.get(url).status_code == 404
    member.is_active = False
    member.save()
    feed.refresh_from_db()
    assert anybody.get(reverse("meetings:feed", args=[feed.uuid])).status_code == 404


@pytest.mark.parametrize("name", ["people", "sheet", "minutes", "poll", "show", "signing"])
def test_pages_run_the_same_queries_for_2_or_60_people(
    client, cpts, coordinator, meeting, name, django_assert_max_num_queries
):
    client.force_login(coordinator)
    sign = lambda one: actions.sign_in(participant=one, means=Means.CODE, at=timezone.now())  # noqa: E731
    for one in ParticipantFactory.create_batch(2, meeting=meeting):
        sign(one)
    with django_assert_max_num_queries(14) as few:
        client.get(page(name, meeting))
    for one in ParticipantFactory.create_batch(58, meeting=meeting):
        sign(one)
    with django_assert_max_num_queries(len(few)):
        response = client.get(page(name, meeting))
    assert len(response.content) <= 110_000


def test_a_stranger_sees_no_meeting_and_an_institution_none_either(client, meeting, stranger):
    for user, status in ((stranger, 404), (UserFactory(role=Role.ARS_INSTRUCTOR, on={"region_id": "75"}), 403)):
        client.force_login(user)
        assert client.get(page("show", meeting)).status_code == status


@pytest.mark.django_db(transaction=True)
def test_three_hundred_people_sign_in_at_once_and_none_is_lost(meeting):
    """Eight telephones at a time, each opening the wall then typing a code: as in a hall at eight o'clock."""
    people = ParticipantFactory.create_batch(300, meeting=meeting)
    urls = [personal(one) for one in people]
    waiting, refused = iter(list(range(300))), []
    lock = threading.Lock()

    def telephone():
        try:
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None:
                    return
                browser = Client()
                browser.get(urls[number])
                browser.post(wall_url(meeting), {"do": "own-code"})
                code = code_of(people[number])
                response = browser.post(wall_url(meeting), {"do": "prove", "code": code})
                if response.status_code != 302:
                    refused.append(response.status_code)
        except Exception as error:  # told below, whatever it is
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=telephone) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert refused == []
    assert Presence.objects.count() == 300
    assert len(set(Presence.objects.values_list("device", flat=True))) == 300
    assert Participant.objects.filter(presence=None).count() == 0


def test_an_open_meeting_has_a_public_page_where_one_comes_forward(client, cpts):
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(cpts=cpts, is_open=True, starts_at=day, ends_at=day + HOUR, title="Soirée du territoire")
    url = reverse("meetings:public", args=[cpts.slug, meeting.uuid])
    assert "Soirée du territoire" in client.get(url).content.decode()
    typed = {"name": "Ève Passant", "occupation": "Ostéopathe", "email": "eve@exemple"}
    shown = client.post(url, typed).content.decode()
    assert 'value="Ève Passant"' in shown
    assert not meeting.participants.exists()
    answers = {client.post(url, typed | {"email": "eve@exemple.invalid"}).content for _ in range(2)}
    assert len({re.sub(rb'value="[^"]+"', b"", answer) for answer in answers}) == 1
    person = meeting.participants.get()
    tell({"meeting_id": meeting.pk}, lambda *_: None)
    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.kind, mail.not_before) == ("eve@exemple.invalid", "service", None)
    assert person.answer == Answer.NONE
    client.post(url, typed | {"email": "robot@exemple.invalid", "site": "x"})
    assert meeting.participants.count() == 1


def test_robots_fill_no_list(client, cpts, settings):
    settings.LIMITS = {"registrations": "3/3600"}
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(cpts=cpts, is_open=True, starts_at=day, ends_at=day + HOUR)
    url = reverse("meetings:public", args=[cpts.slug, meeting.uuid])
    statuses = [
        client.post(url, {"name": "A", "email": f"{number}@exemple.invalid"}).status_code for number in range(5)
    ]
    assert statuses == [200] * 3 + [429] * 2
    assert meeting.participants.count() == 3


@pytest.mark.parametrize(
    "closed",
    [{"is_open": False}, {"status": "draft"}, {"status": "cancelled"}, {"starts_at": NOON, "ends_at": NOON + HOUR}],
)
def test_a_meeting_that_is_not_open_has_no_public_page(client, cpts, closed):
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(cpts=cpts, **({"is_open": True, "starts_at": day, "ends_at": day + HOUR} | closed))
    assert client.get(reverse("meetings:public", args=[cpts.slug, meeting.uuid])).status_code == 404


def test_letters_are_printed_for_those_who_have_no_address(client, cpts, coordinator):
    place = OrganizationFactory(street="1 rue des Lilas", postal_code="24100", city="Bergerac")
    person = PractitionerFactory(family_name="LE GOFF", given_name="YANN")
    PractitionerRoleFactory(practitioner=person, organization=place)
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(
        cpts=cpts, is_open=True, starts_at=day, ends_at=day + HOUR, title="Soirée", agenda="- Un\n- Deux"
    )
    client.force_login(coordinator)
    url = page("letters", meeting)
    assert client.get(url).status_code == 302
    client.post(page("people", meeting), {"do": "group", "group": "territory"})
    reader = pypdf.PdfReader(io.BytesIO(client.get(url).content))
    text = " ".join(reader.pages[0].extract_text().replace("\xa0", " ").split())
    for words in (
        "Yann Le Goff",
        "1 rue des Lilas",
        "24100 Bergerac",
        "Invitation : Soirée",
        "Un ; Deux.",
        "Visez ce code",
    ):
        assert words in text
    assert len(reader.pages) == 1
