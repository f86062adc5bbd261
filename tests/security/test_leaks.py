"""What a browser, a neighbour site, a mail that failed or a file that left could tell; and addresses made to break."""

from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest
from django.core import mail as django_mail
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.asserts import assertContains

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.core.letters import Letter
from maillage.core.web.incoming import cleaned, is_own_path, utf8_only
from maillage.exchange.actions import write_mail
from maillage.exchange.actions.contacts import record_bounce
from maillage.exchange.actions.mail import deliver, give_up
from maillage.exchange.models import MailState, OutgoingMail
from maillage.exchange.rules.bounce import Bounce
from maillage.members.models import Membership
from tests.factories import NOON, MembershipFactory, UserFactory
from tests.test_urls import ADDRESSES, OURS, POST_ONLY, THIRD_PARTY, arguments, url_of  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
LINK = "https://exemple.invalid/r/eNo-un-jeton-personnel.abcDEF/"


def referrer_of(response) -> str:
    return response["Referrer-Policy"]


def test_every_page_of_somebody_signed_in_is_kept_nowhere(client, cpts, arguments, coordinator):  # noqa: F811
    client.force_login(coordinator)
    kept = []
    for name in OURS:
        if name in POST_ONLY or name == "geography:outlines":
            continue
        response = client.get(url_of(name, arguments))
        if "no-store" not in response["Cache-Control"]:
            kept.append((name, response["Cache-Control"]))
    assert kept == []


def test_every_personal_link_is_kept_nowhere_and_told_to_no_other_page(client, cpts, arguments):  # noqa: F811
    secret = {"token", "key", "agenda_uuid"}
    names = [name for name, pattern in ADDRESSES if secret & pattern.pattern.converters.keys() and name in OURS]
    assert len(names) >= 8
    for name in names:
        response = client.get(url_of(name, arguments))
        assert "no-store" in response["Cache-Control"], name
        assert referrer_of(response) == "strict-origin", name


def test_the_answer_that_signs_in_is_not_kept_either(client, cpts):
    user = UserFactory(role=Role.MEMBER, on=cpts, password="un-mot-de-passe-assez-long")
    typed = {"login": user.email, "password": "un-mot-de-passe-assez-long"}
    response = client.post(reverse("account_login"), typed)
    assert response.status_code == 302
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))


def test_refusals_and_missing_pages_are_not_kept(client, coordinator):
    client.force_login(coordinator)
    for path in ("/nulle-part/", "/cpts/inconnue/", "/compte/login/\0"):
        assert client.get(path)["Cache-Control"] == "no-store, private"


def test_other_pages_tell_other_sites_nothing_and_reference_data_may_be_kept(client, communes, coordinator):
    assert referrer_of(client.get("/")) == "same-origin"
    client.force_login(coordinator)
    outlines = client.get(reverse("geography:outlines", args=["24"]))
    assert outlines["Cache-Control"] == "private, max-age=3600"


def test_why_links_do_not_say_no_referrer(cpts, coordinator):
    """Browsers then send `Origin: null` with the form of the page, which is refused; the origin alone is taken."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(reverse("account_login"), secure=True)
    form = {"csrfmiddlewaretoken": page.context["csrf_token"], "login": "a@exemple.invalid", "password": "x"}
    refused = client.post(reverse("account_login"), form, secure=True, headers={"Origin": "null"})
    taken = client.post(reverse("account_login"), form, secure=True, headers={"Origin": "https://testserver"})
    assert (refused.status_code, taken.status_code) == (403, 200)


@pytest.fixture
def letter(cpts):
    body = f"Bonjour,\n\nVotre lien : {LINK}\nVotre code : 482913"
    return write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Convocation", body), at=NOON, cpts_id=cpts.pk)


@pytest.mark.parametrize("state", [MailState.SENT, MailState.FAILED, MailState.BOUNCED])
def test_a_mail_that_is_not_to_be_sent_any_more_keeps_no_link(client, letter, state, cpts, coordinator):
    if state == MailState.SENT:
        deliver({"mail_id": letter.pk}, lambda *_: None)
        assert LINK in django_mail.outbox[0].body
    elif state == MailState.FAILED:
        give_up({"mail_id": letter.pk})
    else:
        record_bounce(Bounce(letter.uuid, "550 5.1.1 User unknown"), at=NOON)
    row = OutgoingMail.objects.get()
    assert (row.state, row.body, row.calendar) == (state, "", "")
    client.force_login(coordinator)
    journal = client.get(reverse("exchange:journal", args=[cpts.slug]))
    assertContains(journal, "Convocation")
    assertContains(journal, row.get_state_display())


def test_a_list_that_leaves_is_traced_with_who_what_how_many_and_filters(client, cpts, coordinator):
    MembershipFactory.create_batch(7, cpts=cpts)
    client.force_login(coordinator)
    for kind in ("csv", "xlsx"):
        page = client.get(reverse("members:list", args=[cpts.slug]), {"format": kind, "q": "a"})
        assert page.status_code == 200
    events = AuditEvent.objects.filter(type="export.made", by_id=coordinator.pk, cpts_id=cpts.pk)
    assert len(events) == 2
    for event in events:
        lines = page.rows
        assert (event.details["rows"], event.details["filters"]) == (lines, {"q": "a"})
        assert f"{lines} lignes" in event.summary
        assert "q = a" in event.summary
    page = client.get(reverse("accounts:audit", args=[cpts.slug]), {"nature": "export."})
    assertContains(page, "Fichier sorti", 2)
    assertContains(page, ".xlsx")


def test_a_page_is_no_export(client, cpts, coordinator):
    client.force_login(coordinator)
    client.get(reverse("members:list", args=[cpts.slug]))
    assert not AuditEvent.objects.filter(type="export.made").exists()


def test_the_journal_shows_readings_of_patients_apart(client, cpts, coordinator, arguments):  # noqa: F811
    reader = UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts, given_name="Zoé", family_name="Lectrice")
    client.force_login(reader)
    request = reverse("unscheduled_care:request", args=[cpts.slug, arguments["request_uuid"]])
    assert client.get(request).status_code == 200
    client.force_login(coordinator)
    client.get(reverse("unscheduled_care:appointment", args=[cpts.slug, arguments["appointment_uuid"]]))
    client.get(reverse("unscheduled_care:difficulties", args=[cpts.slug]))
    page = client.get(reverse("accounts:audit", args=[cpts.slug]), {"nature": "reading."})
    for said in ("Zoé Lectrice", "Demande n° 1 lue", "Motif lu", "1 difficulté lue"):
        assertContains(page, said)
    assert AuditEvent.objects.filter(type__startswith="reading.").count() == 3


ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "http://[",
    "http://[::1",
    "//[",
    "javascript:alert(1)",
    "https://evil.example/",
    "http:///evil",
    "http:\\\\evil",
    "\0",
    "/\0",
    "a" * 20_000,
    "/" + "a" * 20_000,
    "\r\nX: y",
    "/\r\nX: y",
    "/%0d%0aX: y",
    "\ud83d",
    "é",
    "%00",
    "/ok/\x1f",
    "http://evil.example@testserver/",
    "//testserver:abc/",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "data:text/html,x",
]
WITH_ARGUMENTS = {"mfa_remove_webauthn", "mfa_edit_webauthn"}
DOORS = [
    name
    for name, pattern in ADDRESSES
    if (name in THIRD_PARTY or "accounts:" in name)
    and "<" not in str(pattern.pattern)
    and "(" not in str(pattern.pattern)
] + ["portal:start", "portal:after_login", "sas:agenda", "sas:back"]
DOORS = [name for name in DOORS if name not in WITH_ARGUMENTS]


@pytest.mark.parametrize("signed", [False, True])
def test_a_malformed_place_to_go_on_to_answers_a_page_and_leads_nowhere_else(client, cpts, signed):
    client.raise_request_exception = False
    user = UserFactory(role=Role.MEMBER, on=cpts, password="un-mot-de-passe-assez-long")
    if signed:
        client.force_login(user)
    bad = []
    for name in DOORS:
        for text in ELSEWHERE:
            value = quote(text.encode("utf-8", "surrogatepass"))
            url = f"{reverse(name)}?next={value}&origin={value}&state={value}&wanted={value}"
            response = client.get(url)
            if response.status_code >= 500 or leads_away(response):
                bad.append((name, text[:30], response.status_code, response.get("Location", "")[:80]))
    assert bad == []


def test_signing_in_leads_nowhere_else_whether_the_form_or_the_address_asks(client, cpts):
    client.raise_request_exception = False
    user = UserFactory(role=Role.MEMBER, on=cpts, password="un-mot-de-passe-assez-long")
    typed = {"login": user.email, "password": "un-mot-de-passe-assez-long"}
    bad = []
    for text in ELSEWHERE:
        value = text.encode("utf-8", "surrogatepass")
        for url, more in (("", {"next": value}), (f"?next={quote(value)}", {})):
            response = post(client, reverse("account_login") + url, typed | more)
            if response.status_code not in {200, 302, 400} or leads_away(response):
                bad.append((text[:30], response.status_code, response.get("Location", "")[:80]))
            client.logout()
    assert bad == []


def leads_away(response) -> bool:
    """As a browser reads where it is sent."""
    location = response.get("Location", "").replace("\\", "/")
    return urlsplit(urljoin("http://testserver/ici/", location)).netloc != "testserver"


def post(client, url, typed):
    """A form of a browser that sends any bytes."""
    return client.generic("POST", url, urlencode(typed), content_type="application/x-www-form-urlencoded")


def test_a_place_of_ours_is_still_where_one_goes(client, cpts):
    user = UserFactory(role=Role.MEMBER, on=cpts, password="un-mot-de-passe-assez-long")
    typed = {"login": user.email, "password": "un-mot-de-passe-assez-long"}
    response = client.post(reverse("account_login") + "?next=/espaces/%3Fq%3Da", typed | {"next": "/espaces/?q=a"})
    assert response["Location"] == "/espaces/?q=a"


@given(st.text(max_size=30))
def test_a_path_of_ours_is_never_another_site(text):
    path = "/" + text
    if is_own_path(path):
        assert path[1:2] not in {"/", "\\"}
        assert path.isprintable()


HOSTILE = ["a\0b", "\ud83d", "9" * 400, "%é\x1b'\"<>-"]


def names_that_pages_read() -> list[str]:
    """Parameters read anywhere in the product, as the code spells them."""
    import re  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    found = set()
    for path in Path("maillage").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'(?:GET|POST|parameters|asked)(?:\.get(?:list)?)?[\(\[]"([\w-]+)"', text))
        found |= set(re.findall(r'Filter\("([\w-]+)"', text))
    return sorted(found)


@pytest.mark.parametrize("hostile", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_no_address_breaks_on_a_hostile_parameter(hostile, client, cpts, arguments, coordinator):  # noqa: F811
    client.raise_request_exception = False
    value = quote(hostile.encode("utf-8", "surrogatepass"))
    names = names_that_pages_read()
    assert len(names) > 30
    query = "&".join(f"{name}={value}" for name in names if name != "format") + f"&{value}={value}"
    admin = UserFactory(role=Role.INSTANCE_ADMIN)
    broken = []
    for name in OURS:
        access = "INSTANCE_MANAGE" in str(dict(ADDRESSES)[name].callback.__dict__.get("access", ""))
        client.force_login(admin if access else coordinator)
        url = url_of(name, arguments)
        if name not in POST_ONLY:
            status = client.get(f"{url}?{query}").status_code
            broken += [(name, "get", status)] if status >= 500 and not name.startswith("portal:ready") else []
        typed = {key: hostile.encode("utf-8", "surrogatepass") for key in names}
        status = post(client, f"{url}?{query}", typed).status_code
        broken += [(name, "post", status)] if status >= 500 and not name.startswith("portal:ready") else []
    assert broken == []


@pytest.mark.parametrize("path", ["/\0", "/cpts/a\0b/", "/r/\ud83d/", "/r/%00/", "/c/%ED%A0%80/", "/" + "a" * 5000])
def test_no_path_breaks(client, path, communes):
    client.raise_request_exception = False
    assert client.get(path.encode("utf-8", "surrogatepass").decode("latin-1")).status_code in {400, 404, 410}
    assert client.get(quote(path.encode("utf-8", "surrogatepass"))).status_code in {400, 404, 410}


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "rot13", "utf-16", "idna", "nothing", "x" * 5000])
def test_what_is_sent_is_read_as_utf8_whatever_charset_is_claimed(charset, rf):
    """As the server calls us: Django falls in the making of the request, before any middleware."""
    answers = []
    server = utf8_only(WSGIHandler())
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        for parameter in (f"charset={charset}", f'CHARSET="{charset}"', f"a=b; charset*=utf-8''{charset}"):
            asked = rf.generic("POST", "/compte/login/?next=%5Cud800", b"login=%5Cud800", content_type=kind)
            environ = asked.environ | {"CONTENT_TYPE": f"{kind}; {parameter}"}
            b"".join(server(environ, lambda status, _headers: answers.append(status)))
    assert {status[:3] for status in answers} <= {"200", "403", "429"}
    assert len(answers) == 6


@pytest.mark.parametrize("mark", "\u202e\u202d\u2066\u200f")
def test_a_name_turns_no_sentence_that_follows_it(mark, client, coordinator, cpts):
    client.force_login(coordinator)
    typed = {"kind": "person", "family_name": f"Dup{mark}ont", "given_name": f"Zoé{mark}"}
    assert client.post(reverse("members:add", args=[cpts.slug]), typed).status_code == 302
    assert str(Membership.objects.get()) == "Zoé Dupont"


def test_nul_is_taken_from_parameters_and_the_others_stay():
    from django.http import QueryDict  # noqa: PLC0415

    assert cleaned(QueryDict("a=1&b=2&b=3&next=/ici/")) is None
    kept = cleaned(QueryDict("a%00=1%00&b=2&b=3&next=//ailleurs"))
    assert kept is not None
    assert dict(kept.lists()) == {"a": ["1"], "b": ["2", "3"]}
