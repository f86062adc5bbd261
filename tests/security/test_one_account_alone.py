"""What one ordinary account could do to everybody on the instance, by what it types, sends or imports."""

import re
import time
from datetime import timedelta
from threading import Barrier, Thread
from unicodedata import combining, normalize

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core.context import request_context
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.accounts.actions import addresses
from maillage.accounts.models import Role
from maillage.accounts.signing_in.proving import LONGEST_HELD, MOST_HELD
from maillage.accounts.web.factor_forms import AddKeyForm
from maillage.audit.models import AuditEvent
from maillage.core.text import MOST_MARKS, normalised, stream_safe
from maillage.cpts.models import Cpts
from maillage.members.loading.spreadsheets import MOST_ALIKE, preview_of
from maillage.members.models import Membership, SpreadsheetImport
from maillage.territory.actions import MOST_CODES
from maillage.territory.models import Perimeter, PerimeterPart
from tests.factories import MembershipFactory, PerimeterFactory, UserFactory

pytestmark = pytest.mark.django_db
# Two marks that pass for a letter, marks of half width, marks of several classes, letters of every sort.
SIGNS = "\u0f73\u0f75\u0f81\uff9e\uff9f\u0301\u0327\u0345\u0ead\u1ea4éaͅ가\U0001d15f"


@given(st.text(SIGNS, max_size=400))
def test_no_text_holds_a_pile_of_marks_once_it_is_taken_apart(typed):
    runs = re.findall("m+", "".join("m" if combining(sign) else "l" for sign in normalize("NFKD", stream_safe(typed))))
    assert max(map(len, runs), default=0) <= MOST_MARKS


@pytest.mark.parametrize(
    "written", ["Tiếng Việt có nhiều dấu", "בְּרֵאשִׁית בָּרָא אֱלֹהִים", "بِسْمِ ٱللَّٰهِ", "ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ", "e" + "\u0301" * 30]
)
def test_what_languages_write_is_left_alone(written):
    text = normalize("NFD", written) + " suite, pour dépasser trente signes"
    assert stream_safe(text) == text


@pytest.mark.parametrize("mark", ["\u0f73", "\uff9e", "\u0301"])
def test_a_line_of_marks_takes_the_time_of_its_length(mark):
    """A hundred times as long as what took eighteen seconds."""
    start = time.process_time()
    normalised("e" + mark * 1_000_000)
    assert time.process_time() - start < 10


def test_rows_that_share_one_telephone_with_every_member_are_alike_a_few(cpts, coordinator, client):
    for number in range(40):
        MembershipFactory(cpts=cpts, phone="0553001122", email=f"m{number}@exemple.invalid")
    client.force_login(coordinator)
    rows = "".join(f"Martin{'abcdefghij'[number % 10]}{number // 10 * 'x'};Jean;0553001122\n" for number in range(40))
    file = SimpleUploadedFile("m.csv", f"Nom;Prénom;Téléphone\n{rows}".encode())
    assert client.post(reverse("members:imports", args=[cpts.slug]), {"file": file}).status_code == 302
    preview = preview_of(SpreadsheetImport.objects.get())
    assert {len(row.alike) for row in preview.rows} == {MOST_ALIKE}


def sessions_held(size, times, client):
    user = UserFactory()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - 3600}]
    session.save()
    for number in range(times):
        answer = client.post(reverse("members:use_mailbox_code"), {"code": f"{number}{'x' * size}"})
        assert answer.status_code == 302
    return answer, [key for key in client.session.keys() if key.startswith("held_stopped")]  # noqa: SIM118


def test_forms_held_for_a_proof_are_two_and_of_a_size(client):
    answer, kept = sessions_held(100, 6, client)
    assert len(kept) == MOST_HELD
    assert "reprendre" in answer["Location"]
    answer, kept = sessions_held(LONGEST_HELD, 1, Client())
    assert (kept, "reprendre" in answer["Location"]) == ([], False)


def test_a_list_of_more_codes_than_communes_is_refused_before_anything_is_locked(cpts, coordinator, client):
    draft = PerimeterFactory(cpts=cpts)
    client.force_login(coordinator)
    url = reverse("territory:change", args=[cpts.slug])

    def sent(codes):
        asked = {"add": " ".join(codes), "version": Perimeter.objects.get(pk=draft.pk).token}
        return client.post(url, asked, follow=True).content.decode()

    with CaptureQueriesContext(connection) as read:
        page = sent(f"{number:05}" for number in range(MOST_CODES + 1))
    assert "plus de codes que la France" in page.replace("\xa0", " ")
    assert not [query for query in read if 'UPDATE "territory_perimeter"' in query["sql"]]
    assert "inconnu" in sent(["99999"])
    assert not PerimeterPart.objects.filter(perimeter=draft).exists()
    with CaptureQueriesContext(connection) as read:
        sent(["24037"])
    statements = [query["sql"] for query in read]
    claimed = next(place for place, sql in enumerate(statements) if 'UPDATE "territory_perimeter"' in sql)
    looked_up = next(place for place, sql in enumerate(statements) if "24037" in sql and "geography_commune" in sql)
    assert looked_up < claimed


def test_forms_that_others_fill_write_three_times_a_day_to_one_address(cpts, client, run_jobs):
    Cpts.objects.filter(pk=cpts.pk).update(approval="approved")
    for number in (*range(6), *range(6)):  # each form twice: the second says that they are known
        asked = {
            "family_name": f"Durand{'abcdef'[number]}",
            "given_name": "Anne",
            "email": "Victime@exemple.invalid",
            "occupation": "Infirmière",
            "commune": "24037",
        }
        client.post(reverse("members:join", args=[cpts.slug]), asked)
    run_jobs()
    assert Membership.objects.filter(email__iexact="victime@exemple.invalid").count() == 6
    assert len([letter for letter in mail.outbox if letter.to[0].lower() == "victime@exemple.invalid"]) == 3


def test_not_me_said_again_goes_no_further_than_thirty_pages(cpts, coordinator, run_jobs):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    day_before = timezone.now() - timedelta(days=1)
    for _ in range(40):
        account = UserFactory()
        MembershipFactory(cpts=cpts, email=account.email, account=account, decided_by=secretary, decided_at=day_before)
    for turn in range(2):
        Client().post(not_me_of(secretary, turn, run_jobs))
        assert Membership.objects.filter(contested_at__isnull=False).count() == 30
    said = AuditEvent.objects.filter(type="member.contested").values_list("summary", flat=True)
    assert len(said) == 30
    assert all(str(secretary) in summary for summary in said)


@pytest.mark.django_db(transaction=True)
def test_one_link_pressed_by_eight_at_once_serves_once(communes):
    user, outcomes, start = UserFactory(), [], Barrier(8)
    token = addresses.not_me_token(user)

    def press():
        start.wait()
        try:
            addresses.take_back(token=token, at=timezone.now())
            outcomes.append("served")
        except addresses.LinkOver:
            outcomes.append("over")
        finally:
            connection.close()

    threads = [Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["over"] * 7 + ["served"]
    assert AuditEvent.objects.filter(type="account.taken-back").count() == 1


def not_me_of(user, turn, run_jobs):
    """The link of the notice that follows a new password, set from the mailbox."""
    mail.outbox.clear()
    Client().post(reverse("account_reset_password"), {"email": user.email})
    run_jobs()
    link = re.search(r"https?://[^/\s]+(/compte/password/reset/\S*key\S+)", written_to(user))[1]
    fresh = Client()
    url = fresh.get(link, follow=True).redirect_chain[-1][0]
    words = f"une phrase assez longue {turn}"
    fresh.post(url, {"password1": words, "password2": words})
    run_jobs()
    return re.findall(r"https?://[^/\s]+(/compte/pas-moi/\S+)", written_to(user))[-1]


def written_to(user):
    return "\n".join(message.body for message in mail.outbox if message.to == [user.email])


@pytest.mark.parametrize("said", ["[" * 50_000, "1" * 6_000, '"texte"', '{"id": 1}', '{"response": []}', "{}"])
def test_a_key_of_any_shape_is_refused_in_words(client, rf, said):
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": said})
    assert answer.status_code < 500
    form = AddKeyForm({"name": "Clé", "credential": said}, user=UserFactory())
    with request_context(rf.post("/")):
        assert not form.is_valid()
    assert form.errors


def test_a_form_sent_where_a_resource_is_awaited_is_refused_in_fhir(client, settings):
    settings.SAS_CERTIFICATE_REQUIRED = False
    answer = client.post("/fhir/sas/Practitioner", {"a": "b"})
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_the_printed_list_has_an_end(cpts, coordinator, client, monkeypatch):
    monkeypatch.setattr("maillage.members.web.views.MOST_PRINTED", 1)
    MembershipFactory(cpts=cpts)
    client.force_login(coordinator)
    url = reverse("members:list", args=[cpts.slug])
    assert client.get(url, {"format": "pdf"})["Content-Type"] == "application/pdf"
    MembershipFactory(cpts=cpts)
    page = client.get(url, {"format": "pdf"})
    assert "prenez le tableur" in page.content.decode()
