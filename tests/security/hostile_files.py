"""Files made to hurt, built in memory: small to send, endless or enormous to read."""

import io
import struct
import zipfile
from datetime import UTC, datetime, timedelta

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
LAUGHS = "<!DOCTYPE sst [<!ENTITY l0 'ha'>{}]>".format(
    "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
)


def workbook(rows: str, strings: str = "", prologue: str = "") -> bytes:
    """An XLSX of one sheet, written by hand."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Membres" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'{prologue}<sst xmlns="{SHEET}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData></worksheet>',
    }
    return packed(parts)


def packed(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def shared_string_bomb() -> bytes:
    """One long text that 80,000 cells name: 200 kB on the wire, 2.4 GB once each cell has its copy."""
    cells = [row(n, f'<c r="A{n}" t="s"><v>0</v></c>') for n in range(1, 80_001)]
    return workbook("".join(cells), f"<si><t>{'x' * 32_000}</t></si>")


def far_cell() -> bytes:
    """Two cells at the two ends of a sheet: seventeen thousand million between them."""
    return workbook(row(1, text_cell("A1", "Nom")) + row(1_048_576, text_cell("XFD1048576", "fin")))


def stray_row() -> bytes:
    """What people really send: their table, and one cell left at the bottom."""
    table = row(1, text_cell("A1", "Nom"), text_cell("B1", "Mail")) + row(2, text_cell("A2", "Le Goff"))
    return workbook(table + row(1_048_576, text_cell("A1048576", " ")))


def laughing_workbook() -> bytes:
    """Entities of entities: a thousand million laughs in shared strings."""
    return workbook(row(1, '<c r="A1" t="s"><v>0</v></c>'), "<si><t>&l9;</t></si>", LAUGHS)


BOMB = 300 * 2**20


def zip_bomb(*, says_so: bool) -> bytes:
    """A readable workbook with 300 MB of blanks in its sheet; or the same, whose archive says that it holds little."""
    rows = row(1, text_cell("A1", "Nom")) + " " * BOMB
    content = workbook(rows)
    if says_so:
        return content
    sheet = zipfile.ZipFile(io.BytesIO(content)).getinfo("xl/worksheets/sheet1.xml").file_size
    size = struct.pack("<L", sheet)
    assert content.count(size) >= 1
    return content.replace(size, struct.pack("<L", 1024))


def repeated_ods(rows: int = 1_048_576, columns: int = 16_384) -> bytes:
    """One cell that repeats itself over the whole sheet."""
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    words = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:table="{table}" xmlns:text="{words}"><office:body>'
        f'<office:spreadsheet><table:table table:name="a"><table:table-row table:number-rows-repeated="{rows}">'
        f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>"
    )
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


def calendar(*lines: str, zone: str = "") -> bytes:
    """One event, and what is made to hurt beside it."""
    standard = f"BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n{zone}\nEND:STANDARD\n"
    zone = f"BEGIN:VTIMEZONE\nTZID:Bureau\n{standard}END:VTIMEZONE\n" if zone else ""
    tzid = "Bureau" if zone else "Europe/Paris"
    day = datetime.now(UTC) + timedelta(days=7)
    event = (
        f"BEGIN:VEVENT\nUID:a\nDTSTAMP:20261101T080000Z\nDTSTART;TZID={tzid}:{day:%Y%m%d}T110000\n"
        f"DTEND;TZID={tzid}:{day:%Y%m%d}T120000\n"
    )
    more = "".join(f"{line}\n" for line in lines)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zone}{event}{more}END:VEVENT\nEND:VCALENDAR\n".encode()


def many_series() -> bytes:
    """Five megabytes of events that come back every day since 1900."""
    event = "BEGIN:VEVENT\nUID:{}\nDTSTART:19000101T000000Z\nDURATION:PT1M\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
    return (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{''.join(map(event.format, range(45_000)))}END:VCALENDAR\n".encode()
    )


def pdf_with_program() -> bytes:
    out, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(width=100, height=100)
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert('bonjour')")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    writer.write(out)
    return out.getvalue()


def locked_pdf() -> bytes:
    out, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def endless_pdf() -> bytes:
    """Pages that hold themselves."""
    body = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 1000000000/Kids[2 0 R 2 0 R 2 0 R 2 0 R]>>endobj\n"
    )
    places = [body.index(b"1 0 obj"), body.index(b"2 0 obj")]
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body
        + b"xref\n0 3\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    )
