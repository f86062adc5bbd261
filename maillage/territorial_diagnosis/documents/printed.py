"""The diagnosis as files: PDF, DOCX, XLSX and GeoJSON of one content, frozen or of the day."""

from collections.abc import Mapping
from typing import Any

from maillage.core.papers.spreadsheets import xlsx_bytes
from maillage.core.papers.typeset import pdf_of
from maillage.core.papers.word import docx_of
from maillage.territorial_diagnosis.documents.chapters import diagnosis_paper, outlines_of, sources
from maillage.territorial_diagnosis.documents.drawing import collection, feature

Content = Mapping[str, Any]


def diagnosis_pdf(content: Content, title: str = "") -> bytes:
    return pdf_of(diagnosis_paper(content, title))


def diagnosis_docx(content: Content, title: str = "") -> bytes:
    """The same chapters as the PDF, to be edited."""
    return docx_of(diagnosis_paper(content, title))


def diagnosis_xlsx(content: Content, title: str = "") -> bytes:
    """Every table of the diagnosis: a sheet a theme, communes, what exists, what is lacking, priorities, sources."""
    labels = ("La CPTS", "Pour comparer", content["departement"], content["region"], "France")
    header = (
        "Indicateur",
        "Code",
        "Unité",
        *labels,
        "Nos chiffres",
        "Millésime",
        "Source",
        "Licence",
        "Fichier",
        "Remarque",
        "Définition",
        "Numérateur",
        "Dénominateur",
    )
    sheets: dict[str, Any] = {}
    for theme in content["themes"]:
        rows = [
            (
                figure["label"],
                figure["code"],
                figure["unit"],
                figure["number"] if figure["number"] is not None else figure["value"],
                figure["density"],
                *figure["references"],
                figure["own"],
                figure["vintage"],
                figure["source"],
                figure["licence"],
                figure["file"],
                figure["remark"],
                figure["definition"],
                figure["numerator"],
                figure["denominator"],
            )
            for figure in theme["figures"]
        ]
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
        entries = content[key]
        head = list(entries[0]) if entries else ["vide"]
        sheets[name] = (head, [[_cell(entry[column]) for column in head] for entry in entries])
    sheets["Sources"] = (
        ("Source", "Millésimes", "Licence", "Adresse"),
        [(source["title"], source["vintages"], source["licence"], source["where"]) for source in sources(content)],
    )
    return xlsx_bytes(sheets)


def _cell(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value


def perimeter_geojson(content: Content) -> dict[str, Any]:
    """The communes of the perimeter with their outlines and the mapped indicators."""
    outlines, communes = outlines_of(content), content["communes"]
    columns = [map_["code"] for map_ in content["maps"]]
    features = [
        feature(
            {"code": row["code"], "nom": row["name"], "population": row["population"]}
            | dict(zip(columns, row["numbers"], strict=True)),
            outlines.get(row["code"], ""),
        )
        for row in communes["rows"]
    ]
    return collection(features, name=content["cpts"], licence="Licence Ouverte 2.0 (contours IGN, populations INSEE)")
