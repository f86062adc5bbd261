"""One contact as a vCard 3.0 (RFC 2426). Pure."""

from collections.abc import Iterable, Sequence

LONGEST_LINE = 75  # bytes, RFC 2425


def card(
    *,
    family_name: str,
    given_name: str,
    structure: str = "",
    title: str = "",
    organization: str = "",
    phone: str = "",
    emails: Sequence[str] = (),
    city: str = "",
    note: str = "",
) -> str:
    """The text of a .vcf file; empty properties are left out."""
    shown = structure or f"{given_name} {family_name}".strip()
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{escaped(family_name)};{escaped(given_name)};;;",
        f"FN:{escaped(shown)}",
        *_given("ORG", structure or organization),
        *_given("TITLE", title),
        *_given("TEL;TYPE=WORK,VOICE", phone),
        *(f"EMAIL;TYPE=INTERNET:{escaped(email)}" for email in emails),
        *([f"ADR;TYPE=WORK:;;;{escaped(city)};;;France"] if city else []),
        *_given("NOTE", note),
        "END:VCARD",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def _given(name: str, value: str) -> list[str]:
    return [f"{name}:{escaped(value)}"] if value else []


def escaped(value: str) -> str:
    r"""
    >>> escaped("12, rue du Pont; \\ étage 2")
    '12\\, rue du Pont\\; \\\\ étage 2'
    """
    for char in ("\\", ";", ","):
        value = value.replace(char, f"\\{char}")
    return "\\n".join(value.splitlines())


def folded(line: str) -> Iterable[str]:
    """A long line cut between characters, each following part behind a space."""
    part = ""
    for char in line:
        if len(f"{part}{char}".encode()) > LONGEST_LINE:
            yield part
            part = " "
        part += char
    yield part
