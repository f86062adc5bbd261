"""Members: searching them on a page, and previewing a spreadsheet, against the lightest page and the bare reading."""

import io
from datetime import UTC, datetime

import python_calamine
import xlsxwriter
from django.test import Client

from benchmarks.measure import interleaved, row
from maillage.accounts.models import User
from maillage.core.text import normalised
from maillage.cpts.models import Cpts
from maillage.geography.models import Departement
from maillage.members.actions import start_import
from maillage.members.loading.spreadsheets import preview_of
from maillage.members.models import Membership, MembershipStatus, SpreadsheetImport
from maillage.territory.actions import found_cpts

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
MEMBERS, ROWS = 300, 5_000
HEADER = ("Nom", "Prénom", "Métier", "Mail", "Téléphone", "Ville")


def run() -> None:
    user, _ = User.objects.get_or_create(email="membres@exemple.invalid", given_name="Banc", family_name="Essai")
    cpts = _cpts(user)
    client = Client()
    client.force_login(user)
    base = f"/cpts/{cpts.slug}/membres/"

    def page(address: str) -> None:
        assert client.get(address).status_code == 200

    found, empty = interleaved(lambda: page(f"{base}?q=nom 12 eymet"), lambda: page(f"{base}colleges/"))
    row(f"search among {MEMBERS} members, page included (goal 100 ms)", found, empty, "≤ 3")
    content = _workbook()
    sheets = SpreadsheetImport.objects.filter(cpts=cpts)

    def send() -> None:
        sheets.delete()
        preview = preview_of(start_import(cpts=cpts, name="banc.xlsx", content=content, by=user, at=NOW))
        assert len(preview.rows) == ROWS

    mine, bare = interleaved(send, lambda: _read(content), rounds=5)
    row(f"a spreadsheet of {ROWS} rows read, kept and previewed (goal 5 000 ms)", mine, bare, "–")


def _cpts(user: User) -> Cpts:
    found = Cpts.objects.filter(name="CPTS banc des membres").first()
    if found:
        return found
    cpts = found_cpts(name="CPTS banc des membres", departement=Departement.objects.get(pk="24"), by=user, at=NOW)
    Membership.objects.bulk_create(
        Membership(
            cpts=cpts,
            family_name=f"Nom-{number}",
            given_name="Ève",
            search_name=normalised(f"nom {number} eve"),
            occupation="Infirmière",
            group="60",
            commune_id="24167",
            email=f"{number}@exemple.invalid",
            status=MembershipStatus.UP_TO_DATE,
        )
        for number in range(MEMBERS)
    )
    return cpts


def _workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number in range(ROWS):
            cells = (f"Personne-{number}", "Ève", "Infirmière", f"p{number}@exemple.invalid", "05 36 49 00 17", "Eymet")
            sheet.write_row(number + 1, 0, cells)
    return out.getvalue()


def _read(content: bytes) -> int:
    return len(python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python())
