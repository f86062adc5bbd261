"""A session left open for hours: whoever passes by takes nothing away, reads of no patient, undoes nothing."""

import ast
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role, RoleAssignment
from maillage.geography.models import Commune
from maillage.meetings import actions as meetings
from maillage.meetings.models import GoverningText
from maillage.members.models import Membership, SpreadsheetImport
from maillage.unscheduled_care import actions as care
from maillage.unscheduled_care.models import CareSettings, Schedule
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import HOUR, MembershipFactory, ParticipantFactory, UserFactory, pdf
from tests.meetings.test_views import page as meeting_page
from tests.security.sign_in_steps import enrol
from tests.security.test_step_up import grow_old
from tests.unscheduled_care.conftest import agree, agrees_with_the_sas

pytestmark = pytest.mark.django_db
MARKER = "Douleur mammaire"


def passer_by_of(user, minutes):
    client = Client()
    client.force_login(user)
    grow_old(client, minutes)
    return client


@pytest.fixture
def secretary(cpts):
    user = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(user)
    return user


@pytest.mark.parametrize("name", ["people", "list", "missing", "sheet_pdf"])
def test_a_passer_by_takes_no_list_away(secretary, cpts, meeting, name):
    ParticipantFactory(meeting=meeting)
    url = {
        "people": meeting_page("people", meeting) + "?format=csv",
        "list": reverse("meetings:list", args=[cpts.slug]) + "?format=xlsx",
        "missing": reverse("members:missing", args=[cpts.slug]) + "?format=csv",
        "sheet_pdf": meeting_page("sheet_pdf", meeting),
    }[name]
    assert passer_by_of(secretary, 60).get(url).status_code == 302
    assert passer_by_of(secretary, 1).get(url).status_code == 200


# Lists that say nothing of anybody but what everybody may read, or of the instance.
READ_BY_ALL = {
    "portal/web/data_views.py:open_data",
    "territorial_diagnosis/web/views.py:indicator",
    "territory/web/professionals.py:changes",
    "territory/web/professionals.py:search",
    "territory/web/views.py:show",
    "territory/web/views.py:version",
}


def test_each_list_that_leaves_as_a_file_asks_for_a_proof():
    apps = Path(__file__).parents[2] / "maillage"
    unasked = set()
    for path in apps.glob("*/web/*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            text = ast.unparse(node)
            if isinstance(node, ast.FunctionDef) and ".export()" in text and "recently_proved" not in text:
                unasked.add(f"{path.relative_to(apps)}:{node.name}")
    assert unasked == READ_BY_ALL


def test_a_passer_by_strikes_no_decision_of_the_minutes(secretary, meeting):
    meetings.decide(meeting=meeting, text="Budget adopté", by=secretary, at=timezone.now())
    typed = {"decision": meeting.decisions.get().pk}
    passer_by_of(secretary, 600).post(meeting_page("strike", meeting), typed)
    assert meeting.decisions.exists()
    passer_by_of(secretary, 60).post(meeting_page("strike", meeting), typed)
    assert not meeting.decisions.exists()


def test_a_passer_by_adopts_no_statutes(secretary, cpts):
    for minutes, adopted in ((600, 0), (60, 1)):
        typed = {"kind": "statutes", "adopted_on": "01/11/2026", "file": SimpleUploadedFile("s.pdf", pdf("x"))}
        passer_by_of(secretary, minutes).post(reverse("meetings:texts", args=[cpts.slug]), typed)
        assert GoverningText.objects.count() == adopted


def test_a_passer_by_imports_no_electorate(secretary, cpts):
    sheet = SimpleUploadedFile("m.csv", "Nom;Prénom;Courriel\nDupont;Jean;j@exemple.invalid\n".encode())
    passer_by_of(secretary, 600).post(reverse("members:imports", args=[cpts.slug]), {"file": sheet})
    sent = SpreadsheetImport.objects.get()
    url = reverse("members:import", args=[cpts.slug, sent.uuid])
    passer_by_of(secretary, 600).post(url, {"do": "apply", "version": sent.version})
    assert not Membership.objects.filter(family_name="Dupont").exists()


@pytest.fixture
def hosted(cpts, coordinator):
    """A CPTS whose data of patients may be written."""
    fields = {"target_hours": 48, "hds_host": "H", "declares_hds": True, "patient_months": 3}
    care.save_settings(cpts=cpts, read_version=0, fields=fields, by=coordinator, at=timezone.now())


@pytest.mark.parametrize("who", ["doctor", "team"])
def test_a_passer_by_reads_no_reason_of_a_patient(cpts, coordinator, hosted, who):
    account, at = UserFactory(role=Role.MEMBER, on=cpts), timezone.now()
    enrol(account)
    page = MembershipFactory(cpts=cpts, group="10G", email=account.email, account=account)
    effector = care.start_agenda(membership=page, by=account, at=at)
    start = at.replace(hour=10, minute=0, second=0, microsecond=0) + 48 * HOUR
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.PRO, cpts=[])
    place = effector.schedules.get()
    (slot,) = care.open_slots(schedule=place, spans=[(start, start + HOUR)], opening=opening, by=None, at=at).slots
    booker = care.Booker(user=coordinator, origin="desk", cpts=cpts)
    row = care.book_slot(slot=slot, booker=booker, reason=MARKER, at=at)
    name, user = ("own_appointment", account) if who == "doctor" else ("appointment", coordinator)
    url = reverse(f"unscheduled_care:{name}", args=[cpts.slug, row.uuid])
    assert passer_by_of(user, 600).get(url).status_code == 302
    assert MARKER in passer_by_of(user, 60).get(url).content.decode()


def test_a_passer_by_changes_no_setting_of_what_is_kept(cpts, coordinator, hosted):
    enrol(coordinator)
    typed = {"version": CareSettings.objects.get().version, "target_hours": "48", "patient_months": "1"}
    url = reverse("unscheduled_care:settings", args=[cpts.slug])
    passer_by_of(coordinator, 600).post(url, typed)
    assert CareSettings.objects.get().patient_months == 3


def test_a_passer_by_reads_no_reason_at_the_regulation(cpts, coordinator, hosted):
    zoe = UserFactory(role=Role.REGULATOR, on={"departement_id": "24"})
    enrol(zoe)
    row = booked_by(zoe, cpts, "sas")
    url = reverse("sas:regulation_appointment", args=[row.uuid])
    assert passer_by_of(zoe, 600).get(url).status_code == 302
    assert MARKER in passer_by_of(zoe, 60).get(url).content.decode()


@pytest.mark.parametrize(("origin", "departement"), [("desk", "24"), ("sas", "33")])
def test_a_regulator_keeps_nothing_of_the_desk_or_of_the_territory_they_left(
    cpts, coordinator, hosted, origin, departement
):
    role = Role.MEDICAL_ASSISTANT if origin == "desk" else Role.REGULATOR
    zoe = UserFactory(role=role, on=cpts if origin == "desk" else {"departement_id": "24"})
    enrol(zoe)
    row = booked_by(zoe, cpts, origin)
    zoe.assignments.all().delete()
    fields = {"role": Role.REGULATOR, "departement_id": departement, "created_at": timezone.now()}
    RoleAssignment.objects.create(user=zoe, **fields)
    client = passer_by_of(zoe, 1)
    assert client.get(reverse("sas:regulation_appointment", args=[row.uuid])).status_code == 404
    client.post(reverse("sas:regulation_act", args=[row.uuid]), {"do": "cancel"})
    row.refresh_from_db()
    assert row.is_booked


def booked_by(user, cpts, origin):
    """A patient sent by somebody to a doctor of the Dordogne whom the SAS reads."""
    account, at = UserFactory(role=Role.MEMBER, on=cpts), timezone.now()
    page = MembershipFactory(cpts=cpts, group="10G", email=account.email, account=account)
    agrees_with_the_sas(cpts)
    effector = care.start_agenda(membership=page, by=account, at=at)
    agree(effector)
    start = at.replace(hour=10, minute=0, second=0, microsecond=0) + 48 * HOUR
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.PRO | Kind.SNP, cpts=[])
    place = effector.schedules.get()
    (slot,) = care.open_slots(schedule=place, spans=[(start, start + HOUR)], opening=opening, by=None, at=at).slots
    booker = care.Booker(user=user, origin=origin, cpts=cpts if origin == "desk" else None)
    return care.book_slot(slot=slot, booker=booker, reason=MARKER, at=at)


def test_a_passer_by_reads_no_difficulty(cpts, coordinator, hosted):
    care.report(cpts=cpts, text=MARKER, by=None, by_name="SAS", at=timezone.now())
    enrol(coordinator)
    url = reverse("unscheduled_care:difficulties", args=[cpts.slug])
    assert passer_by_of(coordinator, 600).get(url).status_code == 302
    assert MARKER in passer_by_of(coordinator, 60).get(url).content.decode()


def test_nobody_hands_a_patient_to_themselves_to_read_their_file(cpts, coordinator, hosted):
    """Who keeps the care of a CPTS and no desk of patients moves no appointment of a request."""
    row = booked_by(coordinator, cpts, "desk")
    patient, bergerac = {"who": "Mme Secret", "what": MARKER, "doctor": ""}, Commune.objects.get(code="24037")
    at = timezone.now()
    fields = {"cpts": cpts, "patient": patient, "commune": bergerac, "group": "10G", "hours": 72}
    asked = care.open_request(by=coordinator, at=at, **fields)
    care.end_request(request=asked, outcome="booked", appointment=row, by=coordinator, at=at)
    user = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(user)
    page = MembershipFactory(cpts=cpts, email=user.email, account=user)
    own = care.start_agenda(membership=page, by=user, at=at)
    start = row.starts_at + 3 * HOUR
    place = own.schedules.first() or Schedule.objects.create(effector=own, city="Bergerac", commune=bergerac)
    opening = care.Opening(modes=Mode.AMB, kinds=Kind.PRO, cpts=[])
    (slot,) = care.open_slots(schedule=place, spans=[(start, start + HOUR)], opening=opening, by=None, at=at).slots
    url = reverse("unscheduled_care:desk_book", args=[cpts.slug, slot.uuid])
    passer_by_of(user, 1).post(url, {"query": f"deplacer={row.uuid}"})
    row.refresh_from_db()
    assert row.effector != own
