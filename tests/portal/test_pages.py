"""Start page, demonstration, home, instance pages, health, errors."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.actions import invite
from maillage.accounts.models import Role, User
from maillage.core.letters import Letter
from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail
from maillage.geography.models import ReferenceRelease
from maillage.members.models import Membership
from maillage.portal.demo.people import PERSONAS
from maillage.portal.demo.register import rpps
from maillage.portal.demo.seed import seed, show
from maillage.portal.web.errors import FrenchNotFound, broken
from maillage.records.models import Snapshot
from maillage.sas.models import Regulator
from maillage.territory.models import Perimeter
from maillage.territory.queries.perimeters import in_force_of
from maillage.unscheduled_care.models import Slot
from tests.factories import NOON, MembershipFactory, PerimeterFactory, UserFactory

TODAY = date(2026, 11, 23)


@pytest.fixture
def demo(settings):
    settings.DEMO = settings.DEBUG = True


@pytest.fixture
def seeded(communes):
    seed(TODAY)


@pytest.fixture
def administrator(communes):
    return UserFactory(role=Role.INSTANCE_ADMIN)


def test_the_demonstration_has_a_card_for_each_role():
    assert {persona.role for persona in PERSONAS} == set(Role)


def test_each_card_signs_in_and_lands_somewhere(client, demo, seeded):
    assert client.get("/").content.decode().count("Entrer comme") == len(PERSONAS)
    for persona in PERSONAS:
        response = client.post("/demonstration/entrer/", {"persona": persona.key}, follow=True)
        assert response.status_code == 200
        assert f"{persona.given_name} {persona.family_name}" in response.content.decode()


@pytest.mark.parametrize(("demo_on", "debug"), [(True, False), (False, True), (False, False)])
def test_cards_are_refused_outside_a_demonstration(client, settings, seeded, demo_on, debug):
    settings.DEMO, settings.DEBUG = demo_on, debug
    assert client.post("/demonstration/entrer/", {"persona": PERSONAS[0].key}).status_code == 404
    assert "Entrer comme" not in client.get("/").content.decode()


def test_an_unknown_persona_does_not_enter(client, demo, seeded):
    assert client.post("/demonstration/entrer/", {"persona": "personne"}).status_code == 404


def test_the_demo_command_is_refused_on_other_settings(db):
    with pytest.raises(CommandError, match=r"config\.settings\.demo"):
        call_command("demo", no_serve=True)


def test_demo_data_are_believable(seeded):
    bergerac = Perimeter.objects.select_related("cpts").get(cpts__slug="cpts-du-bergeracois")
    _, parts = in_force_of(bergerac.cpts)
    assert (len(parts), sum(part.population for part in parts)) == (38, 61_915)
    everybody = Membership.objects.of(bergerac.cpts)
    assert (everybody.count(), everybody.waiting().count(), everybody.filter(kind="structure").count()) == (136, 2, 2)
    members = everybody.filter(practitioner__isnull=False)
    assert (members.count(), members.values("occupation").distinct().count()) == (131, 14)
    shared = Membership.objects.filter(
        cpts__slug="cpts-bastides-et-dordogne", practitioner__memberships__cpts=bergerac.cpts
    )
    assert shared.count() == 6
    assert all(str(key).startswith("8999") for key in members.values_list("practitioner", flat=True))
    assert members.filter(joined_on__gt=TODAY).count() == 0
    assert User.objects.exclude(email__endswith="@exemple.invalid").count() == 0


def test_the_people_of_the_demonstration_are_the_same_at_each_reset(communes):
    def told():
        with transaction.atomic():
            seed(TODAY)
            rows = list(Membership.objects.order_by("pk").values_list("search_name", "commune", "status", "joined_on"))
            transaction.set_rollback(True)
        return rows

    assert told() == told()


@pytest.mark.django_db(transaction=True)
def test_each_app_tells_its_part_of_the_demonstration(communes, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    show(TODAY)
    kept = Snapshot.objects.values_list("shape", flat=True)
    assert {
        "meetings.ballot",
        "meetings.governing-text",
        "territory.perimeter",
        "territorial_diagnosis.version",
    } <= set(kept)
    assert Slot.objects.filter(status="busy").exists()
    assert Regulator.objects.count() == 1
    assert OutgoingMail.objects.exclude(recipient__endswith="exemple.invalid").count() == 0


@pytest.mark.parametrize("serial", [1, 57, 131])
def test_invented_rpps_have_their_luhn_key(serial):
    digits = [int(digit) for digit in rpps(serial)][::-1]
    total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    assert len(digits) == 11
    assert total % 10 == 0


def test_home_tells_what_exists_so_far(client, coordinator, cpts):
    MembershipFactory.create_batch(3, cpts=cpts)
    client.force_login(coordinator)
    page = client.get("/cpts/cpts-du-bergeracois/").content.decode()
    for expected in ("Bonjour Claire", "61\u202f915", "38\xa0communes", "3\xa0membres de 1\xa0profession"):
        assert expected in page


def test_home_lists_what_waits_for_those_who_may_do_it(client, coordinator, member, cpts):
    MembershipFactory(cpts=cpts, status="requested")
    PerimeterFactory(cpts=cpts)
    for days, email in ((20, "a"), (2, "b")):
        at = timezone.now() - timedelta(days=days)
        invite(cpts=cpts, email=f"{email}@exemple.invalid", role=Role.MEMBER, by=coordinator, at=at)
    client.force_login(coordinator)
    page = client.get("/cpts/cpts-du-bergeracois/").content.decode()
    told = ("1 invitation expirée", "1 invitation sans réponse", "Projet de périmètre n° 2", "1 demande d’adhésion")
    assert [one for one in told if one not in page] == []
    client.force_login(member)
    page = client.get("/cpts/cpts-du-bergeracois/").content.decode()
    assert "invitation expirée" not in page
    assert "a@exemple.invalid" not in page  # what was done lately is for those who read the journal
    assert "Projet de périmètre" not in page


def test_a_new_cpts_is_told_what_to_do_first(client, stranger, neighbour):
    client.force_login(stranger)
    assert "Périmètre à composer" in client.get("/cpts/cpts-voisine/").content.decode()


def test_members_are_searched_whatever_the_accents_filtered_sorted_and_exported(client, coordinator, cpts):
    MembershipFactory(cpts=cpts, family_name="Vézéral", given_name="Zoé")
    MembershipFactory(cpts=cpts, family_name="Abadie", status="requested")
    client.force_login(coordinator)
    url = "/cpts/cpts-du-bergeracois/membres/"
    found = client.get(url, {"q": "vezeral zoe"}).content.decode()
    assert "Vézéral" in found
    assert "Abadie" not in found
    assert "Vézéral" not in client.get(url, {"statut": "requested"}).content.decode()
    assert client.get(url, {"tri": "-nom", "format": "csv"}).content.decode().splitlines()[1].startswith("Vézéral")
    assert "Aucun résultat" in client.get(url, {"q": "personne"}).content.decode()
    assert client.get(url, {"page": "999", "tri": "inconnu", "statut": "inconnu"}).status_code == 200


def test_the_administrator_reloads_the_communes_in_the_background(client, administrator, run_jobs):
    client.force_login(administrator)
    response = client.post("/instance/reference/recharger/")
    page = client.get(response["Location"]).content.decode()
    assert "en attente" in page
    assert "hx-get" in page
    Job.objects.update(kind="geography.reload")
    run_jobs()
    row = Job.objects.get()
    assert row.state == JobState.DONE
    assert "35014 communes" in row.message
    fragment = client.get(response["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "terminé" in fragment
    assert "hx-get" not in fragment
    assert "terminé" in client.get("/instance/reference/").content.decode()


def test_a_job_is_seen_by_the_person_who_asked_only(client, administrator, coordinator):
    client.force_login(administrator)
    url = client.post("/instance/reference/recharger/")["Location"]
    client.force_login(coordinator)
    assert client.get(url).status_code == 404


def test_mails_are_delivered_by_the_worker_and_read_in_the_outbox(client, administrator, run_jobs):
    write_mail(
        recipient="a@exemple.invalid", letter=Letter.plain("Convocation\nBcc: b@exemple.invalid", "Bonjour"), at=NOON
    )
    run_jobs()
    sent = OutgoingMail.objects.get()
    assert (sent.state, sent.subject) == ("sent", "Convocation Bcc: b@exemple.invalid")
    assert sent.body == ""
    client.force_login(administrator)
    assert "a@exemple.invalid" in client.get("/instance/messages/").content.decode()
    assert client.get(reverse("portal:mail", args=[sent.uuid])).status_code == 404


def test_in_a_demonstration_the_text_of_a_mail_is_read(client, demo, administrator, run_jobs):
    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    run_jobs()
    client.force_login(administrator)
    assert "Bonjour" in client.get(reverse("portal:mail", args=[mail.uuid])).content.decode()


def test_a_mail_refused_five_times_is_said_to_have_failed(settings, db):
    settings.MAIL_DELIVERY_BACKEND = "tests.portal.test_pages.BrokenBackend"
    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    for _ in range(5):
        jobs.run_job.call(str(Job.objects.get().uuid))
    mail.refresh_from_db()
    assert (mail.state, Job.objects.get().state) == ("failed", JobState.FAILED)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ARS_INSTRUCTOR, Role.REGULATOR])
def test_nothing_of_a_draft_is_told_to_those_who_may_not_read_it(client, neighbour, role):
    PerimeterFactory(cpts=neighbour, communes=["24037"])
    scope = neighbour if role == Role.MEMBER else {"departement_id": "24"}
    client.force_login(UserFactory(role=role, on=scope))
    for url in ("/cpts/cpts-voisine/", "/cpts/cpts-voisine/financement/"):
        assert "27\u202f110" not in client.get(url).content.decode()


def test_a_mail_server_that_fails_is_tried_again(settings, db, run_jobs):
    settings.MAIL_DELIVERY_BACKEND = "tests.portal.test_pages.BrokenBackend"
    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    run_jobs()
    mail.refresh_from_db()
    assert (mail.state, Job.objects.get().attempts) == ("queued", 1)


class BrokenBackend:
    def __init__(self, **options):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


def test_health_tells_apart_alive_and_ready(client, db):
    ReferenceRelease.objects.all().delete()
    assert client.get("/sante/vivant").json() == {"status": "ok"}
    waiting = client.get("/sante/pret")
    assert (waiting.status_code, waiting.json()) == (
        503,
        {"database": True, "migrations": True, "communes": False, "disk": True},
    )
    ReferenceRelease.objects.create(
        fingerprint="x", geography_year=2026, population_year=2023, communes=1, loaded_at=timezone.now()
    )
    assert client.get("/sante/pret").status_code == 200


def test_headers_forbid_third_parties_and_inline_code(client, db):
    headers = client.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("url", ["/nulle-part/", "/c/personne/", "/cpts/personne/"])
def test_an_unknown_address_is_said_in_french(client, coordinator, url):
    client.force_login(coordinator)
    response = client.get(url)
    assert response.status_code == 404
    assert "Page introuvable" in response.content.decode()


def test_a_refusal_says_whom_to_ask(client, member):
    client.force_login(member)
    response = client.get("/cpts/cpts-du-bergeracois/journal/")
    assert response.status_code == 403
    assert "La coordination" in response.content.decode()


def test_a_form_left_open_too_long_is_said_in_french(communes, client):
    from django.test import Client  # noqa: PLC0415

    response = Client(enforce_csrf_checks=True).post("/compte/login/", {"login": "x", "password": "y"})
    assert response.status_code == 403
    assert "ouverte depuis trop longtemps" in response.content.decode()


def test_a_request_too_large_is_said_in_french(client, coordinator):
    client.force_login(coordinator)
    response = client.post("/cpts/cpts-du-bergeracois/equipe/", {f"champ{n}": "x" for n in range(1_200)})
    assert response.status_code == 400
    assert "rien n’a changé" in response.content.decode()


def test_a_fault_of_ours_is_said_without_help_from_the_shell(client, coordinator, monkeypatch):
    monkeypatch.setattr("maillage.portal.queries.home.home_facts", lambda *_: 1 / 0)
    client.raise_request_exception = False
    client.force_login(coordinator)
    response = client.get("/cpts/cpts-du-bergeracois/")
    assert response.status_code == 500
    assert "cassé de notre côté" in response.content.decode()


def test_static_files_are_collected_with_their_fingerprints(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    names = {path.name for path in tmp_path.rglob("maillage.*.css")}
    assert len(names) == 1


def test_a_fault_is_said_even_when_static_files_are_missing(rf, tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    response = broken(rf.get("/"))
    assert response.status_code == 500
    assert "cassé de notre côté" in response.content.decode()


def test_in_a_demonstration_too_an_unknown_address_is_said_in_french(client, coordinator):
    """DEBUG is on there: without our middleware Django would list every address."""
    answer = FrenchNotFound(lambda _: HttpResponse("Using the URLconf", status=404))
    request = RequestFactory().get("/nulle-part/")
    request.user, request._messages = coordinator, []
    page = answer(request)
    assert page.status_code == 404
    assert "Page introuvable" in page.content.decode()
