"""The printed diagnosis: PDF, DOCX, XLSX and GeoJSON of one content, frozen or of the day."""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import docx
from docx.shared import Cm, Pt

from maillage.core.documents import pdf_bytes, png_bytes
from maillage.core.money import grouped
from maillage.core.spreadsheets import xlsx_bytes
from maillage.core.templatetags.maillage import day
from maillage.core.text import plural
from maillage.core.typography import typographic
from maillage.geography.models import Commune
from maillage.territorial_diagnosis.content import MOST_COMMUNES, figures_by_code
from maillage.territorial_diagnosis.drawing import FILLS, collection, feature, map_svg

TEMPLATE = Path(__file__).parent / "typst" / "diagnosis.typ"
DRAWING = Path(__file__).parent / "typst" / "drawing.typ"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Content = Mapping[str, Any]
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
FAMILIES = ("lib_", "sal_", "acc_", "fin_")


def outlines_of(content: Content) -> dict[str, str]:
    """Outlines of the communes of a content. One query."""
    codes = [row["code"] for row in content["communes"]["rows"]]
    return dict(Commune.objects.filter(code__in=codes).values_list("code", "outline"))


def document_data(content: Content, title: str = "") -> dict[str, Any]:
    """The content with what a page needs: days in words, drawings, the list of sources."""
    outlines = outlines_of(content)
    maps = [
        {
            **one,
            "svg": map_svg(outlines, one["classes"], one["title"]),
            "fills": list(FILLS[1 : len(one["legend"]) + 1]),
        }
        for one in content["maps"]
    ]
    by_code = figures_by_code(content)
    rows = [row | {"population_text": grouped(row["population"])} for row in content["communes"]["rows"]]
    communes = content["communes"] | {"rows": rows}
    return {
        **content,
        "title": title or "Diagnostic territorial",
        "on_text": day(date.fromisoformat(content["on"])),
        "since_text": day(date.fromisoformat(content["perimeter"]["since"])) if content["perimeter"]["since"] else "",
        "place_text": _place(content),
        "summary_figures": [by_code[code] for code in content["summary"] if code in by_code],
        "maps": [one for one in maps if one["svg"]],
        "sources": sources(content),
        "communes": communes if len(communes["rows"]) <= MOST_COMMUNES else communes | {"rows": []},
        "comparisons": comparisons(content),
        "definitions": list(printed_definitions(content)),
    }


def printed_definitions(content: Content) -> Iterator[dict[str, str]]:
    """The definition of each figure that is told; professions that share one are printed together."""
    seen: set[str] = set()
    for one in figures_by_code(content).values():
        family = one["code"].partition("_")[0] if one["code"].startswith(FAMILIES) else one["code"]
        if not one["missing"] and family not in seen:
            seen.add(family)
            made_of = " / ".join(filter(None, (one["numerator"], one["denominator"])))
            label = f"{one['label']}, et de même chaque profession" if family != one["code"] else one["label"]
            yield {"label": label, "definition": one["definition"], "made_of": made_of}


def _place(content: Content) -> str:
    perimeter = content["perimeter"]
    communes, people = perimeter["communes"], perimeter["population"]
    return f"{communes} {plural(communes, 'commune')}, {grouped(people)} habitants"


def sources(content: Content) -> list[dict[str, str]]:
    """Each source once, with its vintages and its licence."""
    found: dict[str, dict[str, Any]] = {}
    for one in figures_by_code(content).values():
        row = found.setdefault(one["source"], {"licence": one["licence"], "where": one["where"], "vintages": []})
        if one["vintage"] and one["vintage"] not in row["vintages"]:
            row["vintages"].append(one["vintage"])
    return [
        {
            "title": title,
            "licence": row["licence"],
            "where": row["where"],
            "vintages": ", ".join(row["vintages"]) or "non chargé",
        }
        for title, row in found.items()
    ]


def comparisons(content: Content) -> list[str]:
    """Sentences of the summary: how the territory stands beside its département, for figures with a better side."""
    found = []
    for one in figures_by_code(content).values():
        there, here = one["references"][0], one["density"] or one["value"]
        if one["direction"] and not one["missing"] and one["number"] is not None and there not in ("—", here):
            unit = "pour 10 000 habitants" if one["density"] else one["unit"]
            found.append(f"{one['label']} : {here} {unit}, contre {there} dans le département.")
    return found[:10]


def diagnosis_pdf(content: Content, title: str = "") -> bytes:
    return pdf_bytes(TEMPLATE, document_data(content, title))


def diagnosis_docx(content: Content, title: str = "") -> bytes:
    """The same chapters as the PDF, to be edited."""
    data = _printable(document_data(content, title))
    document = docx.Document()
    document.core_properties.title, document.core_properties.language = data["title"], "fr-FR"
    document.styles["Normal"].font.size = Pt(10)
    document.add_heading(data["title"], level=0)
    document.add_paragraph(typographic(f"{data['cpts']} · {data['place_text']} · {data['on_text']}"))
    document.add_heading("Synthèse", level=1)
    for sentence in data["comparisons"]:
        document.add_paragraph(typographic(sentence), style="List Bullet")
    for theme in data["themes"]:
        document.add_heading(theme["label"], level=1)
        _figures_table(document, theme["figures"], ("La CPTS", data["departement"], data["region"], "France"))
        for one in data["maps"]:
            if THEME_OF_MAP.get(one["code"]) == theme["key"]:
                _picture(document, one)
    _rows(document, "Ce qui existe", ("Nature", "Nom", "Commune", "Portée", "Contact", "Horaires"),
          [(r["kind"], r["name"], r["commune"], r["scope"], r["contact"], r.get("hours", ""))
           for r in data["resources"]])  # fmt: skip
    _rows(document, "Ce qui manque", ("Manque", "Détail", "Réponse", "Raison"),
          [(g["title"], g["detail"], g["answer"], g["reason"]) for g in data["gaps"]])  # fmt: skip
    _rows(document, "Priorités", ("Rang", "Besoin", "Ce qui le montre", "Mission"),
          [(str(p["rank"]), p["title"], p["why"], p["mission"]) for p in data["priorities"]])  # fmt: skip
    document.add_heading("Méthode", level=1)
    for paragraph in METHOD:
        document.add_paragraph(typographic(paragraph))
    _rows(document, "Sources", ("Source", "Millésimes", "Licence"),
          [(s["title"], s["vintages"], s["licence"]) for s in data["sources"]])  # fmt: skip
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _printable(value: Any) -> Any:
    """Without the control characters that people paste and that XML refuses."""
    if isinstance(value, str):
        return CONTROL.sub(" ", value)
    if isinstance(value, Mapping):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value


METHOD = (
    "Un chiffre absent n’est jamais un zéro : « manquant » veut dire qu’aucun fichier n’a été chargé, « non publié » "
    "que le producteur garde la valeur secrète.",
    "Les effectifs s’additionnent ; une personne qui exerce dans plusieurs communes du territoire compte une fois. Les "
    "taux sont le quotient des sommes ; les moyennes sont pondérées, comme le dit la définition de chaque indicateur.",
    "L’accessibilité estimée partage l’offre libérale entre les habitants qui peuvent l’atteindre (2SFCA) : couronnes "
    "de 10, 15 et 20 minutes, temps estimés à vol d’oiseau allongés d’un facteur de détour, vitesse selon la densité.",
)
THEME_OF_MAP = {
    "lib_10G": "supply", "lib_60": "supply", "acc_10G": "access", "apl_mg": "access", "urgences_minutes": "access",
    "pauvrete": "population",
}  # fmt: skip


def _figures_table(document: Any, figures: list[dict[str, Any]], labels: tuple[str, ...]) -> None:
    header = ("Indicateur", *labels, "Source")
    rows = []
    for one in figures:
        value = f"{one['value']} ({one['density']} pour 10 000)" if one["density"] else one["value"]
        own = f" Nos chiffres : {one['own']}." if one["own"] else ""
        source = f"{one['source']}, {one['vintage']}" if one["vintage"] else one["source"]
        rows.append((f"{one['label']} ({one['unit']}).{own}", value, *one["references"], f"{source}. {one['remark']}"))
    _table(document, header, rows)


def _rows(document: Any, heading: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    document.add_heading(heading, level=1)
    if rows:
        _table(document, header, rows)
    else:
        document.add_paragraph("Rien n’a été saisi pour l’instant.")


def _table(document: Any, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = document.add_table(rows=1, cols=len(header), style="Light Grid Accent 1")
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        cell.text = text
    for row in rows:
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = typographic(text)
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(8)


def _picture(document: Any, one: dict[str, Any]) -> None:
    document.add_heading(one["title"], level=2)
    document.add_picture(io.BytesIO(png_bytes(DRAWING, {"svg": one["svg"]})), width=Cm(14))
    legend = " · ".join(f"{number} : {text}" for number, text in enumerate(one["legend"], start=1))
    document.add_paragraph(typographic(f"{one['unit']}. {legend}"))


def diagnosis_xlsx(content: Content, title: str = "") -> bytes:
    """Every table of the diagnosis: a sheet a theme, communes, what exists, what is lacking, priorities, sources."""
    labels = ("La CPTS", "Pour comparer", content["departement"], content["region"], "France")
    header = (
        "Indicateur", "Code", "Unité", *labels, "Nos chiffres", "Millésime", "Source", "Licence", "Fichier", "Remarque",
        "Définition", "Numérateur", "Dénominateur",
    )  # fmt: skip
    sheets: dict[str, Any] = {}
    for theme in content["themes"]:
        rows = [
            (
                one["label"], one["code"], one["unit"], one["number"] if one["number"] is not None else one["value"],
                one["density"], *one["references"], one["own"], one["vintage"], one["source"], one["licence"],
                one["file"], one["remark"], one["definition"], one["numerator"], one["denominator"],
            )
            for one in theme["figures"]
        ]  # fmt: skip
        sheets[theme["label"]] = (header, rows)
    communes = content["communes"]
    sheets["Communes"] = (
        ("Code INSEE", "Commune", "Habitants", *communes["columns"]),
        [
            (row["code"], row["name"], row["population"], *("non publié" if n is None else n for n in row["numbers"]))
            for row in communes["rows"]
        ],
    )
    for name, key in (("Ce qui existe", "resources"), ("Ce qui manque", "gaps"), ("Priorités", "priorities")):
        found = content[key]
        head = list(found[0]) if found else ["vide"]
        sheets[name] = (head, [[_cell(one[column]) for column in head] for one in found])
    sheets["Sources"] = (
        ("Source", "Millésimes", "Licence", "Adresse"),
        [(one["title"], one["vintages"], one["licence"], one["where"]) for one in sources(content)],
    )
    return xlsx_bytes(sheets)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def perimeter_geojson(content: Content) -> dict[str, Any]:
    """The communes of the perimeter with their outlines and the mapped indicators."""
    outlines, communes = outlines_of(content), content["communes"]
    columns = [one["code"] for one in content["maps"]]
    features = [
        feature(
            {"code": row["code"], "nom": row["name"], "population": row["population"]}
            | dict(zip(columns, row["numbers"], strict=True)),
            outlines.get(row["code"], ""),
        )
        for row in communes["rows"]
    ]
    return collection(features, name=content["cpts"], licence="Licence Ouverte 2.0 (contours IGN, populations INSEE)")
