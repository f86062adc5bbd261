"""A sign that no font draws stops no paper; a file that two CPTS join stays to the one who keeps it."""

import re
import threading
import time
from datetime import timedelta

import pytest
import typst
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from maillage.accounts.models import Role
from maillage.core.papers import documents
from maillage.core.papers.signs import RANGES, drawable
from maillage.core.text import normalised
from maillage.core.web.incoming import cleaned
from maillage.meetings.models import Meeting, MeetingDocument, Minutes
from maillage.records.actions import attaching
from maillage.territory.rules.pasted_list import read_lines
from tests.factories import HOUR, MeetingFactory, MembershipFactory, ParticipantFactory, UserFactory, pdf

INVISIBLE, FAMILY = "Jean\x81 Dupont", "Jean \U0001f468\u200d\U0001f469\u200d\U0001f467"
YI = "".join(chr(0xA000 + place) for place in range(150))
STYLES = (
    '#set document(title: "Signes")\n#set text(lang: "fr", font: "Libertinus Serif")\n'
    "#for sign in json(bytes(sys.inputs.data)) [#sign *#sign* #emph(sign)\\ ]"
)


@pytest.fixture
def compiled(monkeypatch):
    """How often a paper was compiled."""
    times, real = [], typst.compile
    monkeypatch.setattr(documents.typst, "compile", lambda *given, **more: times.append(1) or real(*given, **more))
    return times


def test_each_sign_said_to_be_drawn_is_drawn_in_each_style(tmp_path):
    source = tmp_path / "signs.typ"
    source.write_text(STYLES)
    spans = [[int(end, 16) for end in (span.split("-") * 2)[:2]] for span in RANGES]
    signs = [chr(code) for first, last in spans for code in range(first, last + 1)]
    assert len(signs) > 3_000
    inputs = {"data": documents.json.dumps(signs)}
    typst.compile(source, sys_inputs=inputs, pdf_standards=["ua-1"], ignore_system_fonts=True)


@given(st.text())
def test_what_is_drawable_says_the_same_and_no_more(text):
    drawn = drawable(text)
    assert drawable(drawn) == drawn
    assert len(drawn) <= 3 * len(text)
    if text.isascii() and text.isprintable():
        assert drawn == text


def test_signs_that_fonts_refuse_together_leave_a_paper_in_latin_letters(tmp_path, monkeypatch, compiled):
    source = tmp_path / "name.typ"
    source.write_text('#set document(title: "x")\n#json(bytes(sys.inputs.data)).name')
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(documents, "drawable", lambda data, *strict: drawable(data, *strict) if strict else data)
    assert documents.pdf_bytes(source, {"name": "Éloïse \u0378"}).startswith(b"%PDF")
    assert len(compiled) == 2
    source.write_text("#rien()")
    with pytest.raises(typst.TypstError):
        documents.pdf_bytes(source, {"name": ""})


@pytest.fixture
def assembly(cpts):
    now = timezone.now()
    span = {"starts_at": now + HOUR, "ends_at": now + 3 * HOUR}
    return MeetingFactory(cpts=cpts, kind="assembly", title="AG", is_open=True, agenda="Budget", **span)


def answer_no(meeting, name, run_jobs):
    """What a stranger does from home: the public form, then « je ne viens pas » on the page mailed to them."""
    stranger, address = Client(), "jean@ailleurs.invalid"
    form = {"name": name, "email": address, "occupation": ""}
    stranger.post(reverse("meetings:public", args=[meeting.cpts.slug, meeting.uuid]), form)
    run_jobs()
    run_jobs()
    (letter,) = [sent for sent in mail.outbox if sent.to == [address]]
    url = re.search(r"https?://[^/]+(/r/\S+)", letter.body)[1]
    assert stranger.post(url, {"do": "no"}).status_code == 302
    return stranger, url


@pytest.mark.parametrize("name", [INVISIBLE, FAMILY, YI])
def test_a_stranger_s_name_stops_no_minutes(cpts, assembly, coordinator, client, run_jobs, compiled, name):
    ParticipantFactory(meeting=assembly)
    stranger, url = answer_no(assembly, name, run_jobs)
    client.force_login(coordinator)
    now = timezone.now()
    Meeting.objects.update(starts_at=now - 2 * HOUR, ends_at=now - HOUR)

    def page(of):
        return reverse(f"meetings:{of}", args=[cpts.slug, assembly.uuid])

    client.post(page("close"), {"ended": f"{timezone.localtime(now - HOUR):%H:%M}"})
    client.post(page("minutes"), {"do": "validate", "text": "Le budget est adopté.", "version": 0})
    assert Minutes.objects.get().validated_at
    for paper in (page("minutes_pdf"), page("sheet_pdf")):
        assert client.get(paper).status_code == 200
    assert stranger.get(f"{url}compte-rendu/").status_code == 200
    assert len(compiled) == 3  # one a paper, whatever the signs


@pytest.mark.parametrize("typed", ["e" + "\u0301\u0316" * 200_000, "1" * 200_000 + "x,b"])
def test_a_line_pasted_holds_nobody(typed):
    """Sorting a pile of marks, or trying a pattern from each digit, took minutes with every thread stopped."""
    start = time.perf_counter()
    read_lines(typed)
    normalised(typed)
    drawable(typed)
    assert time.perf_counter() - start < 5


def test_piles_of_marks_are_thinned_at_the_door():
    sent = QueryDict(mutable=True)
    sent["title"] = "e" + "\u0301" * 100
    assert cleaned(sent)["title"] == "e" + "\u0301" * 30


def test_a_member_s_words_stop_no_directory(cpts, coordinator, client, compiled):
    MembershipFactory(cpts=cpts, practical=YI + FAMILY, family_name="Dup\x81ont")
    client.force_login(coordinator)
    assert client.get(reverse("members:list", args=[cpts.slug]) + "?format=pdf").status_code == 200
    assert len(compiled) == 1


# Files


@pytest.fixture
def disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.usefixtures("disk")
def test_a_neighbour_who_takes_theirs_away_leaves_mine(cpts, neighbour, client):
    """Theirs goes between the writing of my file and its row."""
    content = pdf("Statuts types")
    theirs = MeetingFactory(cpts=neighbour)
    client.force_login(UserFactory(role=Role.SECRETARY, on=neighbour))
    url = reverse("meetings:join_document", args=[neighbour.slug, theirs.uuid])
    client.post(url, {"name": "Statuts", "file": SimpleUploadedFile("s.pdf", content)})
    mine = attaching.keep(content)
    client.post(url, {"remove": str(MeetingDocument.objects.get().uuid)})
    assert not MeetingDocument.objects.exists()
    attaching.sweep(before=timezone.now() - timedelta(days=1))
    row = attaching.attach(mine, cpts=cpts, name="Statuts", by=None, at=timezone.now())
    assert attaching.path_of(row.sha256).read_bytes() == content


@pytest.mark.usefixtures("disk")
@pytest.mark.django_db(transaction=True)
def test_the_sweep_never_erases_what_is_being_joined():
    """A file that nobody names any more is swept while somebody joins the same again, many times."""
    content = pdf("Statuts types")
    old = (timezone.now() - timedelta(days=3)).timestamp()
    kept = attaching.keep(content)
    path, stop, lost = attaching.path_of(kept.sha256), threading.Event(), []

    def sweep():
        try:
            while not stop.is_set():
                attaching.sweep(before=timezone.now() - timedelta(days=1))
        finally:
            connection.close()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for _ in range(300):
            attaching._write(path, content)
            lost += [] if path.is_file() else [1]
            attaching.os.utime(path, (old, old))
    finally:
        stop.set()
        sweeper.join()
    assert not lost


@pytest.mark.usefixtures("disk")
def test_a_file_that_nobody_names_is_swept_the_next_day(cpts):
    kept = attaching.keep(pdf("Convention"))
    row = attaching.attach(kept, cpts=cpts, name="Convention", by=None, at=timezone.now())
    attaching.discard(row)
    attaching.sweep(before=timezone.now() - timedelta(days=1))
    assert attaching.path_of(kept.sha256).is_file()
    attaching.sweep(before=timezone.now() + HOUR)
    assert not attaching.path_of(kept.sha256).exists()


@pytest.mark.usefixtures("disk")
def test_removing_a_document_or_a_convention_asks_who_is_there(cpts, coordinator, client):
    from tests.security.test_step_up import grow_old  # noqa: PLC0415

    meeting = MeetingFactory(cpts=cpts)
    url = reverse("meetings:join_document", args=[cpts.slug, meeting.uuid])
    client.force_login(coordinator)
    grow_old(client, 25)
    client.post(url, {"name": "Statuts", "file": SimpleUploadedFile("s.pdf", pdf("x"))})
    document = MeetingDocument.objects.get()
    client.post(url, {"remove": str(document.uuid)})
    assert MeetingDocument.objects.filter(pk=document.pk).exists()
