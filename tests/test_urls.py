"""Every URL × every role × own and other CPTS, and the number of queries of each page.

A new address that declares no access fails here before anything else.
"""

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from maillage.accounts.actions import invite, token_for
from maillage.accounts.models import NumberDispute, NumberProof, Role, User
from maillage.accounts.permissions import INSTANCE_MANAGE, Permission, every_permission, permissions_of, permissions_on
from maillage.core.letters import Letter
from maillage.core.missions import Mission
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.directory.models import DirectoryImport
from maillage.exchange.actions import contact_of, write_mail
from maillage.geography.jobs import RELOAD
from maillage.meetings.models import (
    Ballot,
    CalendarFeed,
    GoverningText,
    MeetingDocument,
    PollOption,
    Proxy,
    Task,
    Voter,
)
from maillage.members.actions import record_fee, start_import
from maillage.members.models import Convention, FeeMethod, Mandate
from maillage.territorial_diagnosis.actions import add_priority, add_resource, freeze, type_figure
from maillage.territorial_diagnosis.documents.content import content_of
from maillage.territorial_diagnosis.loading.vintages import NewVintage, store
from maillage.territorial_diagnosis.queries.figures import area_of
from maillage.territorial_diagnosis.queries.places import Gazetteer
from maillage.territorial_diagnosis.rules.catalogue import definitions
from maillage.unscheduled_care.actions import (
    Booker,
    Opening,
    add_absence,
    book_slot,
    open_request,
    open_slots,
    report,
    save_settings,
    start_agenda,
)
from maillage.unscheduled_care.models import BookingBurst, BusyCalendar, Origin
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.conftest import BERGERACOISE
from tests.factories import (
    HOUR,
    NOON,
    AttachmentFactory,
    CollegeFactory,
    CptsFactory,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    PerimeterFactory,
    SnapshotFactory,
    UserFactory,
)

# Views of libraries cannot carry our mark: what they are is written here.
THIRD_PARTY = {
    "account_login": "public",
    "account_signup": "public",
    "account_confirm_login_code": "public",
    "account_logout": "public",
    "account_inactive": "public",
    "account_reauthenticate": "signed-in",
    "account_email": "signed-in",
    "account_change_password": "signed-in",
    "account_set_password": "signed-in",
    "account_email_verification_sent": "public",
    "account_confirm_email": "public",
    "account_reset_password": "public",
    "account_reset_password_done": "public",
    "account_reset_password_from_key": "public",
    "account_reset_password_from_key_done": "public",
    "mfa_authenticate": "public",
    "mfa_login_webauthn": "public",
    "mfa_index": "signed-in",
    "mfa_reauthenticate": "signed-in",
    "mfa_activate_totp": "signed-in",
    "mfa_deactivate_totp": "signed-in",
    "mfa_view_recovery_codes": "signed-in",
    "mfa_generate_recovery_codes": "signed-in",
    "mfa_download_recovery_codes": "signed-in",
    "mfa_list_webauthn": "signed-in",
    "mfa_add_webauthn": "signed-in",
    "mfa_reauthenticate_webauthn": "signed-in",
    "mfa_edit_webauthn": "signed-in",
    "mfa_remove_webauthn": "signed-in",
}
POST_ONLY = {
    "members:ask_mailbox_code",
    "members:use_mailbox_code",
    "members:use_code_in_person",
    "members:contest_number",
    "members:claim",
    "members:contest",
    "members:check_in_person",
    "oversight:settle_number",
    "oversight:settle_membership",
    "portal:demo_sign_in",
    "accounts:end_session",
    "portal:make_backup",
    "accounts:psc_unlink",
    "portal:reload_reference",
    "portal:renew_keys",
    "accounts:withdraw_role",
    "accounts:withdraw_invitation",
    "territory:start",
    "territory:discard",
    "territory:change",
    "territory:paste",
    "territory:put_in_force",
    "portal:load_open_data",
    "diagnosis:erase_entry",
    "diagnosis:remove_resource",
    "diagnosis:change_priority",
    "diagnosis:map_columns",
    "members:decide",
    "members:leave",
    "members:add_fee",
    "members:cancel_fee",
    "exchange:retry_address",
    "members:remove_college",
    "members:take_back",
    "members:merge",
    "members:end_mandate",
    "members:remove_convention",
    "meetings:reply",
    "meetings:withdraw",
    "meetings:choose_date",
    "meetings:convene",
    "meetings:cancel",
    "meetings:join_document",
    "meetings:close",
    "meetings:strike",
    "meetings:finish_task",
    "meetings:remind",
    "meetings:answer_for",
    "meetings:withdraw_proxy",
    "meetings:act",
    "meetings:lend",
    "unscheduled_care:desk_book",
    "unscheduled_care:solve",
    "unscheduled_care:act",
    "unscheduled_care:remove_absence",
    "unscheduled_care:remove_calendar",
    "unscheduled_care:ask",
    "sas:regulation_book",
    "sas:regulation_act",
}
SCOPES = {
    Role.REGULATOR: {"departement_id": "24"},
    Role.ARS_INSTRUCTOR: {"region_id": "75"},
    Role.CPAM_INSTRUCTOR: {"departement_id": "24"},
    Role.GUICHET_AGENT: {"region_id": "75"},
    Role.INSTANCE_ADMIN: {},
}
# Session, account and roles are three; the diagnosis answers any perimeter in five, its documents in a few more.
DIAGNOSIS, DOCUMENT = 8, 24
REFUSED_AS_CALLED = {
    "sas:back",
    "accounts:psc",
    "accounts:psc_back",
}  # nobody comes back from a provider whom they did not leave for
OTHER_LIMITS = {
    "members:not_my_number": 3,  # how many decisions its link would come after
    "accounts:accounts": 8,
    "accounts:accept_invitation": 4,  # whether who invited still may, and did not say « ce n’est pas moi »
    "accounts:accounts_of_cpts": 8,
    "diagnosis:overview": DIAGNOSIS,
    "diagnosis:theme": DIAGNOSIS,
    "diagnosis:indicator": DIAGNOSIS + 2,
    "diagnosis:what_if": DIAGNOSIS + 1,
    "diagnosis:gaps": DIAGNOSIS + 3,
    "diagnosis:resources": DIAGNOSIS,
    "diagnosis:entries": DIAGNOSIS,
    "diagnosis:priorities": DIAGNOSIS,
    "diagnosis:versions": DIAGNOSIS,
    "diagnosis:export": DOCUMENT,
    "members:list": 8,
    "members:show": 8,
    "members:choose": 8,
    "members:import": 8,
    "members:representation": 7,
    "members:mandates": 8,
    "portal:home": 8,
    "portal:facts": 12,  # a few counts an app
    "meetings:show": 8,
    "members:identity": 11,
    "meetings:people": 12,
    "meetings:poll": 12,
    "meetings:sheet": 9,
    "meetings:minutes": 12,
    "meetings:minutes_pdf": 8,
    "meetings:minutes_docx": 8,
    "meetings:letters": 9,
    "meetings:votes": 22,
    "meetings:hands": 14,
    "meetings:signing": 7,
    "unscheduled_care:own_agenda": 15,
    "unscheduled_care:open_slots": 10,
    "unscheduled_care:desk": 8,
    "sas:simulator": 8,
    "unscheduled_care:requests": 8,
    "unscheduled_care:request": 19,  # who may be the same person: the secret of the index, its terms, their records
    "unscheduled_care:feed": 3,
    "portal:keys": 7,
    # What is sealed asks for its key, and for the trace that it was read.
    "unscheduled_care:appointment": 9,
    "unscheduled_care:own_appointment": 9,
    "unscheduled_care:difficulties": 9,
    "meetings:personal": 6,
    "meetings:personal_paper": 6,
    "meetings:personal_document": 3,
}
MOST_QUERIES = {"public": 2, "signed-in": 6, "machine": 4}


def addresses(patterns: list[URLPattern | URLResolver], namespace: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, pattern.namespace or namespace)
        else:
            found.append((f"{namespace}:{pattern.name}" if namespace else str(pattern.name), pattern))
    return found


ADDRESSES = addresses(get_resolver().url_patterns)
NAMES = [name for name, _ in ADDRESSES]
OURS = [name for name in NAMES if name not in THIRD_PARTY]


def access_of(name: str) -> str | Permission | None:
    pattern = dict(ADDRESSES)[name]
    return getattr(pattern.callback, "access", THIRD_PARTY.get(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_address_declares_who_may_open_it(name):
    assert access_of(name) in {"public", "signed-in", "machine", *every_permission()}


@pytest.fixture
def arguments(cpts, coordinator):
    return arguments_of(cpts, coordinator)


def arguments_of(cpts: Cpts, coordinator: User) -> dict:
    """Something real of a CPTS behind each parameter of an address."""
    PerimeterFactory(cpts=cpts, epci=BERGERACOISE)
    invitation = invite(cpts=cpts, email="invitee@exemple.invalid", role=Role.MEMBER, by=coordinator, at=NOON)
    job = jobs.enqueue(RELOAD, label="Chargement", at=NOON, owner_id=coordinator.pk)
    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    assert mail
    contact = contact_of(cpts.pk, "a@exemple.invalid", NOON)
    places = Gazetteer.read()
    store(NewVintage("population", "2023", "essai", NOON), {"24037": (27110.0, None)}, places)
    typed = type_figure(
        cpts=cpts,
        definition=definitions()["sans_medecin_traitant"],
        numerator=10,
        denominator=100,
        on=NOON.date(),
        source="CPAM",
        by=coordinator,
        at=NOON,
    )
    resource = add_resource(cpts=cpts, by=coordinator, at=NOON, commune=None, kind="msp", name="MSP", source="Équipe")
    priority = add_priority(
        cpts=cpts, title="Besoin", why="", mission=Mission.ACCESS, indicators=[], by=coordinator, at=NOON
    )
    area = area_of(cpts, with_draft=True)
    freeze(cpts=cpts, title="Essai", content=content_of(cpts, area, on=NOON.date()), by=coordinator, at=NOON)
    loaded = DirectoryImport.objects.create(
        kind="rpps",
        state="done",
        filename="rpps.txt",
        extracted_on=NOON.date(),
        worker="a:1",
        started_at=NOON,
        finished_at=NOON,
    )
    membership = MembershipFactory(cpts=cpts, status="accepted")
    sheet = start_import(cpts=cpts, name="m.csv", content=b"Nom;Mail\nUn;u@exemple.invalid\n", by=coordinator, at=NOON)
    fee = record_fee(
        membership=membership,
        year=2026,
        amount=Decimal(30),
        method=FeeMethod.CASH,
        paid_on=NOON.date(),
        by=coordinator,
        at=NOON,
    )
    meeting = MeetingFactory(cpts=cpts)
    participant = ParticipantFactory(meeting=meeting, membership=membership)
    voters = [
        Voter.objects.create(meeting=meeting, participant=one)
        for one in (participant, ParticipantFactory(meeting=meeting))
    ]
    return {
        "meeting_uuid": meeting.uuid,
        "participant_uuid": participant.uuid,
        "task_uuid": Task.objects.create(cpts=cpts, meeting=meeting, text="Appeler").uuid,
        "option_uuid": PollOption.objects.create(meeting=meeting, starts_at=NOON, ends_at=NOON + HOUR).uuid,
        "document_uuid": MeetingDocument.objects.create(
            meeting=meeting, name="Budget", attachment=AttachmentFactory(cpts=cpts)
        ).uuid,
        "feed_uuid": CalendarFeed.objects.create(cpts=cpts, user=coordinator).uuid,
        "paper": "attestation",
        "text_uuid": GoverningText.objects.create(
            cpts=cpts,
            kind="statutes",
            number=1,
            adopted_on=NOON.date(),
            attachment=AttachmentFactory(cpts=cpts),
            snapshot=SnapshotFactory(cpts=cpts),
        ).uuid,
        "proxy_uuid": Proxy.objects.create(meeting=meeting, giver=voters[0], holder=voters[1], given_at=NOON).uuid,
        "ballot_uuid": Ballot.objects.create(
            cpts=cpts, meeting=meeting, question="?", mode="hands", choices=["Pour", "Contre", "Abstention"]
        ).uuid,
        "member_uuid": membership.uuid,
        "college_uuid": CollegeFactory(cpts=cpts).uuid,
        "fee_id": fee.pk,
        "import_uuid": sheet.uuid,
        "mandate_uuid": Mandate.objects.create(
            cpts=cpts, membership=membership, body="bureau", function="Secrétaire", starts_on=NOON.date()
        ).uuid,
        "convention_uuid": Convention.objects.create(
            cpts=cpts, partner="EHPAD", purpose="Essai", starts_on=NOON.date()
        ).uuid,
        "cpts_slug": cpts.slug,
        "owner_uuid": cpts.uuid,
        "theme": "population",
        "indicator": "acc_10G",
        "kind": "xlsx",
        "vintage_id": typed.pk,
        "resource_uuid": resource.uuid,
        "priority_uuid": priority.uuid,
        "import_id": loaded.pk,
        "slug": cpts.slug,
        "code": "24037",
        "number": 1,
        "departement": "24",
        "assignment_id": coordinator.assignments.earliest("pk").pk,
        "invitation_uuid": invitation.uuid,
        "token": token_for(invitation),
        "job_uuid": job.uuid,
        "mail_uuid": mail.uuid,
        "contact_uuid": contact.uuid,
        **care_arguments(cpts, coordinator),
        "cpts_uuid": cpts.uuid,
        "dispute_uuid": NumberDispute.objects.create(
            proof=NumberProof.objects.create(user=coordinator, national_id=coordinator.pk, means="psc", proved_at=NOON),
            national_id=coordinator.pk,
            opened_at=NOON,
        ).uuid,
        "proof_uuid": NumberProof.objects.get(user=coordinator).uuid,
        "key": cpts.uuid,
        "owner": 1,
        "name": "stopped_here",
        "writer": "members",
        "letter": "welcome",
        "user_uuid": UserFactory(role=Role.MEMBER, on=cpts).uuid,
        "rest": "Patient",
    }


def care_arguments(cpts: Cpts, coordinator: User) -> dict:
    """An agenda of the coordinator, a slot of it, an appointment in it."""
    membership = MembershipFactory(cpts=cpts, email=coordinator.email)
    place = start_agenda(membership=membership, by=coordinator, at=NOON).schedules.get()
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (24, 25)]
    opening = Opening(modes=Mode.AMB, kinds=Kind.CPTS, cpts=[cpts])
    slots = open_slots(schedule=place, spans=spans, opening=opening, by=coordinator, at=NOON).slots
    absence, _ = add_absence(
        effector=place.effector,
        starts_at=NOON + 99 * HOUR,
        ends_at=NOON + 100 * HOUR,
        substitute="",
        by=coordinator,
        at=NOON,
    )
    booker = Booker(user=coordinator, origin=Origin.DESK, cpts=cpts)
    booked = book_slot(slot=slots[0], booker=booker, reason="Fièvre", at=NOON)
    burst = BookingBurst.objects.create(booked_by=coordinator, started_at=NOON, told_at=NOON)
    calendar = BusyCalendar.objects.create(effector=place.effector, name="Cabinet", url="https://exemple.invalid/a.ics")
    settings = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    save_settings(cpts=cpts, read_version=0, fields=settings, by=coordinator, at=NOON)
    care = open_request(
        cpts=cpts,
        patient={"who": "X", "what": "Y"},
        commune=place.commune,
        group="60",
        hours=48,
        by=coordinator,
        at=NOON,
    )
    told = report(cpts=cpts, text="Fermé", appointment=booked, by=coordinator, by_name="Zoé", at=NOON)
    return {
        "slot_uuid": slots[1].uuid,
        "appointment_uuid": booked.uuid,
        "place_uuid": place.uuid,
        "absence_uuid": absence.uuid,
        "request_uuid": care.uuid,
        "difficulty_uuid": told.uuid,
        "calendar_uuid": calendar.uuid,
        "agenda_uuid": place.effector.feed,
        "burst_uuid": burst.uuid,
    }


def url_of(name: str, arguments: dict) -> str:
    pattern = dict(ADDRESSES)[name].pattern
    return reverse(name, kwargs={key: arguments[key] for key in pattern.converters})


def call(client: Client, name: str, url: str):
    return client.post(url) if name in POST_ONLY else client.get(url)


def person(role: Role | None, cpts: Cpts) -> User | AnonymousUser:
    if role is None:
        return AnonymousUser()
    return UserFactory(role=role, on=SCOPES.get(role, cpts))


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: str(role or "nobody"))
def test_each_role_opens_what_the_table_says_and_nothing_else(role, client, cpts, arguments):
    user = person(role, cpts)
    if role:
        client.force_login(user)
    wrong = []
    for name in OURS:
        response = call(client, name, url_of(name, arguments))
        assert int(response.headers.get("Content-Length", 0)) == len(response.content), name
        status = response.status_code
        if name in REFUSED_AS_CALLED:
            assert status == 403, name
        elif not is_right(
            status, access_of(name), user, cpts if "cpts_slug" in dict(ADDRESSES)[name].pattern.converters else None
        ):
            wrong.append((name, status))
    assert not wrong


def is_right(status: int, access, user, cpts: Cpts | None) -> bool:
    """200, a redirection after a POST, a refused form or an absent object are all 'open'; 403 and the rest are not."""
    if access == "public":
        return status in {200, 302, 404, 410}
    if access == "machine":  # whoever calls is known by a certificate, and answered in JSON
        return status in {200, 400, 404, 405}
    if isinstance(user, AnonymousUser):
        return status == 302
    if access == "signed-in":
        return status in {200, 302, 404}
    rights = permissions_on(user, cpts)
    if access in rights:
        return status in {200, 302, 404}
    # A stranger to the CPTS does not even learn that it exists.
    return status == (403 if rights or cpts is None else 404)


@pytest.mark.parametrize("name", [name for name in OURS if isinstance(access_of(name), Permission)])
def test_a_stranger_and_a_visitor_are_kept_out(name, client, cpts, arguments, stranger):
    url = url_of(name, arguments)
    assert call(client, name, url).status_code == 302
    client.force_login(stranger)
    assert call(client, name, url).status_code in {403, 404}
    if "cpts_slug" in dict(ADDRESSES)[name].pattern.converters:
        assert call(client, name, url).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_in_the_table_of_rights(role):
    assert permissions_of(role)


def reader_of(name: str, cpts: Cpts, coordinator: User) -> User | None:
    if access_of(name) in {"public", "machine"}:
        return None
    if access_of(name) == INSTANCE_MANAGE:
        return UserFactory(role=Role.INSTANCE_ADMIN)
    return coordinator


GETS = [name for name in OURS if name not in POST_ONLY]


@pytest.mark.parametrize("name", GETS)
def test_pages_run_few_queries_and_the_same_with_ten_times_the_rows(
    name, client, cpts, arguments, coordinator, django_assert_max_num_queries
):
    url = url_of(name, arguments)
    if reader := reader_of(name, cpts, coordinator):
        client.force_login(reader)
    limit = MOST_QUERIES.get(access_of(name), 6)
    limit = OTHER_LIMITS.get(name, limit)
    if name == "portal:ready":
        limit = 8  # asks the database what it is there to ask: tables, migrations, communes
    MembershipFactory.create_batch(10, cpts=cpts)
    with django_assert_max_num_queries(limit) as few:
        client.get(url)
    MembershipFactory.create_batch(100, cpts=cpts)
    for _ in range(10):
        PerimeterFactory(cpts=CptsFactory(), in_force=True, epci=BERGERACOISE)
    for number in range(30):
        write_mail(recipient=f"{number}@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    with django_assert_max_num_queries(len(few)) as many:
        response = client.get(url)
    assert len(many) <= len(few)
    assert len(response.content) <= 60_000 or name == "geography:outlines"
    if response.headers.get("Content-Type", "").startswith("text/html"):
        forms = re.findall(r'<form[^>]*method="post".*?</form>', response.content.decode(), re.DOTALL)
        assert all("csrfmiddlewaretoken" in form for form in forms), name
