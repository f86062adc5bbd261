"""Files that people join: what they are, what is kept of them, how they are served, when they go."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from maillage.meetings import actions as meetings
from maillage.meetings.models import MeetingDocument
from maillage.members.models import Convention
from maillage.records.actions import attaching
from maillage.records.models import Attachment
from maillage.records.rules.kinds import ANY, PDF_ONLY, SORTS, Kind, accepted, file_name
from maillage.records.screens.files import attachment_response
from tests.factories import NOON, AttachmentFactory, MeetingFactory, pdf

pytestmark = pytest.mark.django_db
LATER = timedelta(days=2)


@pytest.fixture(autouse=True)
def disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def archive(*names, **texts):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as whole:
        for name in names:
            whole.writestr(name, "x")
        for name, text in texts.items():
            whole.writestr(name, text)
    return output.getvalue()


def office(part, *more):
    return archive("[Content_Types].xml", part, *more)


def picture(kind="JPEG", size=(40, 30), **saved):
    output = io.BytesIO()
    Image.new("RGB", size, "navy").save(output, kind, **saved)
    return output.getvalue()


def photograph():
    """As a telephone makes it: turned a quarter, with where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation
    exif[0x010F] = "Telephone of Claire"
    exif.get_ifd(0x8825)[2] = (44.0, 51.0, 12.0)  # latitude
    return picture(exif=exif)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(pdf(), Kind.PDF, id="pdf"),
        pytest.param(picture(), Kind.JPEG, id="jpeg"),
        pytest.param(picture("PNG"), Kind.PNG, id="png"),
        pytest.param(office("word/document.xml"), Kind.DOCX, id="docx"),
        pytest.param(office("xl/workbook.xml"), Kind.XLSX, id="xlsx"),
        pytest.param(office("ppt/presentation.xml"), Kind.PPTX, id="pptx"),
        pytest.param(
            archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), Kind.ODS, id="ods"
        ),
    ],
)
def test_a_file_is_what_its_content_says(content, kind):
    kept = attaching.keep(content)
    assert kept.kind == kind
    assert attaching.path_of(kept.sha256).is_file()
    if kind != Kind.PDF:
        with pytest.raises(attaching.NotAPdf):
            attaching.keep(content, kinds=PDF_ONLY)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><script>alert(1)</script>", id="page"),
        pytest.param(b"MZ\x90", id="program"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="svg"),
        pytest.param(b"GIF89a", id="gif"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"x" * 200, id="broken jpeg"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="cut png"),
        pytest.param(b"PK\x03\x04" + b"x" * 200, id="broken archive"),
        pytest.param(archive("evil.exe"), id="archive of something else"),
        pytest.param(office("word/document.xml", "word/vbaProject.bin"), id="macros"),
        pytest.param(office("word/document.xml", *(f"f{n}" for n in range(5_001))), id="entries by the thousand"),
        pytest.param(b"%PDF-1.7 not really", id="broken pdf"),
        pytest.param(pdf() + b"\0" * (10 * 2**20), id="too large"),
    ],
)
def test_anything_else_is_refused_and_leaves_nothing(content, disk):
    with pytest.raises(attaching.NotADocument):
        attaching.keep(content)
    assert not [path for path in disk.rglob("*") if path.is_file()]


def test_a_picture_of_many_pixels_is_refused():
    with pytest.raises(attaching.NotADocument, match="trop grande"):
        attaching.keep(picture("PNG", (20_000, 20_000)))


def test_a_photograph_is_turned_and_loses_where_it_was_taken():
    sent = photograph()
    kept = attaching.keep(sent)
    content = attaching.path_of(kept.sha256).read_bytes()
    assert b"Telephone of Claire" in sent
    assert b"Telephone of Claire" not in content
    with Image.open(io.BytesIO(content)) as opened:
        assert not opened.getexif()
        assert opened.size == (30, 40)


@pytest.mark.parametrize(
    ("command", "refusal"), [("false", attaching.Infected), ("no-such-scanner", attaching.NotScanned)]
)
def test_what_the_scanner_refuses_is_not_kept(settings, disk, command, refusal):
    settings.FILE_SCANNER = command
    with pytest.raises(refusal):
        attaching.keep(pdf())
    assert not list(disk.rglob("*/??/*"))


def test_what_it_lets_through_is_told(settings, cpts):
    settings.FILE_SCANNER = "grep -q PDF"
    row = attaching.attach(attaching.keep(pdf()), cpts=cpts, name="Budget", by=None, at=NOON)
    assert row.is_scanned


def test_the_same_file_is_kept_once_and_is_swept_after_its_last_row(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts)
    first, second = (
        meetings.join_document(meeting=meeting, name=name, content=pdf(), by=coordinator, at=NOON) for name in "ab"
    )
    assert first.attachment.sha256 == second.attachment.sha256
    path = attaching.path_of(first.attachment.sha256)
    for document, is_left in ((first, True), (second, False)):
        meetings.remove_document(document=document, by=coordinator, at=NOON)
        attaching.sweep(before=timezone.now() + LATER)
        assert path.is_file() == is_left
    assert not Attachment.objects.exists()


def test_the_sweep_erases_what_nothing_names_once_it_is_old(cpts, disk):
    kept = attaching.keep(pdf("perdu"))  # its row was never written
    named = attaching.attach(attaching.keep(pdf("joint")), cpts=cpts, name="Joint", by=None, at=timezone.now())
    left = attaching.attach(attaching.keep(pdf("laissé")), cpts=cpts, name="Laissé", by=None, at=timezone.now())
    MeetingDocument.objects.create(meeting=MeetingFactory(cpts=cpts), name="Joint", attachment=named)
    assert attaching.sweep(before=timezone.now() - LATER) == 0
    assert attaching.sweep(before=timezone.now() + LATER) == 3  # a row, its file, and the file without a row
    assert list(Attachment.objects.all()) == [named]
    assert [path.name for path in disk.glob("attachments/??/*")] == [named.sha256]
    assert not attaching.path_of(kept.sha256).exists()
    assert not attaching.path_of(left.sha256).exists()


def test_each_app_that_names_files_keeps_them(cpts):
    """Whatever app points to it, a file that is named is no orphan."""
    convention = AttachmentFactory(cpts=cpts)
    Convention.objects.create(
        cpts=cpts, partner="CH", purpose="Essai", starts_on=NOON.date(), ends_on=None, attachment=convention
    )
    orphan = AttachmentFactory(cpts=cpts)
    assert list(Attachment.objects.orphaned()) == [orphan]


@pytest.mark.parametrize("fields", [{"size": 0}, {"sha256": "../../etc/passwd"}, {"sha256": f"../{'a' * 61}"}])
def test_the_database_refuses_what_names_no_content(cpts, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        AttachmentFactory(cpts=cpts, **fields)


def test_a_file_is_served_to_be_saved_under_its_title(cpts):
    row = attaching.attach(attaching.keep(pdf()), cpts=cpts, name="Budget 2027/…\r\nX: y", by=None, at=NOON)
    response = attachment_response(row)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in response["Content-Disposition"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert response.content == pdf()
    attaching.path_of(row.sha256).unlink()
    with pytest.raises(Http404):
        attachment_response(row)


def test_from_the_screen_a_photo_is_joined_read_and_taken_back(client, cpts, coordinator):
    client.force_login(coordinator)
    meeting = MeetingFactory(cpts=cpts)
    join = reverse("meetings:join_document", args=[cpts.slug, meeting.uuid])
    refused = client.post(join, {"name": "Page", "file": SimpleUploadedFile("a.jpg", b"<html>")}, follow=True)
    assert "ni une photo" in refused.content.decode()
    client.post(join, {"name": "Feuille", "file": SimpleUploadedFile("a.pdf", photograph())})
    document = MeetingDocument.objects.get()
    page = client.get(reverse("meetings:show", args=[cpts.slug, meeting.uuid])).content.decode()
    assert "Feuille (photo, 1 ko)" in page.replace("\xa0", " ").replace("\u202f", " ")
    response = client.get(reverse("meetings:document", args=[cpts.slug, meeting.uuid, document.uuid]))
    assert response["Content-Type"] == "image/jpeg"
    assert 'filename="Feuille.jpg"' in response["Content-Disposition"]
    assert "sandbox" in response["Content-Security-Policy"]


@given(st.text(max_size=200))
def test_file_names_hold_nothing_that_a_disk_or_a_header_reads(title):
    name = file_name(title, Kind.PDF)
    assert name.endswith(".pdf")
    assert not set(name) & set('/\\:*?"<>|\r\n\0')
    assert len(name) <= 110


def test_each_kind_says_what_a_telephone_may_offer():
    assert accepted(PDF_ONLY) == "application/pdf,.pdf"
    assert all(f".{SORTS[kind].extension}" in accepted(ANY) for kind in Kind)
