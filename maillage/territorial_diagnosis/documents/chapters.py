"""The chapters of a printed diagnosis: what its PDF and its DOCX both say."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from maillage.core.money import grouped
from maillage.core.papers.tree import (
    Block,
    Cell,
    Column,
    Contents,
    Figures,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Pictures,
    Points,
    Table,
)
from maillage.core.templatetags.maillage import day
from maillage.core.text import plural
from maillage.geography.models import Commune
from maillage.territorial_diagnosis.documents.content import MOST_COMMUNES, figures_by_code
from maillage.territorial_diagnosis.documents.drawing import FILLS, map_svg

Content = Mapping[str, Any]
FAMILIES = ("lib_", "sal_", "acc_", "fin_")
UNPUBLISHED = ""  # the colour of a legend without one
NOT_A_ZERO = (
    "Chaque chiffre porte sa source et son millésime. « Manquant » : aucun fichier chargé. « Non publié » : valeur "
    "gardée secrète par son producteur. Ni l’un ni l’autre n’est un zéro. Établi avec Maillage, logiciel libre."
)
# Key of a theme -> its chapter, and the maps that it shows.
THEMES = {
    "population": ("Population", ("pauvrete",)),
    "supply": ("Offre de soins", ("lib_10G", "lib_60")),
    "access": ("Accessibilité", ("acc_10G", "apl_mg", "urgences_minutes")),
    "needs": ("Besoins de santé et flux de patients", ()),
}
METHOD = (
    Paragraph(
        "Un chiffre absent n’est jamais un zéro. « Manquant » veut dire qu’aucun fichier n’a été chargé sur cette "
        "instance ; « non publié », que le producteur garde la valeur secrète parce qu’elle porte sur trop peu de "
        "personnes."
    ),
    Paragraph(
        "Les effectifs s’additionnent ; une personne qui exerce dans plusieurs communes du territoire compte une "
        "fois. Les taux sont le quotient des sommes. Les moyennes sont pondérées, comme le dit la définition de "
        "chaque indicateur. Une commune prise en partie compte pour sa part.",
        lead="Additions.",
    ),
    Paragraph(
        "Le département, la région et la France sont calculés à partir des mêmes fichiers, quand ceux-ci couvrent au "
        "moins quatre habitants sur cinq ; les effectifs y sont comparés pour 10 000 habitants.",
        lead="Références.",
    ),
    Paragraph(
        "L’offre libérale de l’Annuaire Santé est partagée entre les habitants qui peuvent l’atteindre (2SFCA) : "
        "couronnes de 10, 15 et 20 minutes. Le temps est une estimation : distance à vol d’oiseau entre mairies, "
        "allongée d’un facteur de détour, à la vitesse de la densité du lieu. Les besoins sont pondérés par l’âge "
        "quand les âges et les poids sont connus. L’APL publiée par la DREES figure à côté.",
        lead="Accessibilité estimée.",
    ),
)


def diagnosis_paper(content: Content, title: str = "") -> Paper:
    """All its chapters, in the order of the guide. One query: the outlines of the maps."""
    on, since = day(date.fromisoformat(content["on"])), content["perimeter"]["since"]
    in_force = f", en vigueur depuis le {day(date.fromisoformat(since))}" if since else ""
    maps = {map_["code"]: map_ for map_ in content["maps"]}
    outlines = outlines_of(content)
    return Paper(
        title=title or "Diagnostic territorial",
        subtitle=content["cpts"],
        author=content["cpts"],
        footer=f"{content['cpts']} · diagnostic du {on}",
        is_long=True,
        cover=(
            f"{content['departement']} · {content['region']}",
            _place(content),
            f"Périmètre n° {content['perimeter']['number']}{in_force}",
            f"Établi le {on}",
            NOT_A_ZERO,
        ),
        blocks=[
            Contents(),
            *_summary(content),
            *(block for key in THEMES for block in _theme(content, key, maps, outlines)),
            *_resources_and_gaps(content),
            *_priorities(content),
            *_communes(content),
            *_method(content),
            *_sources(content),
        ],
    )


def outlines_of(content: Content) -> dict[str, str]:
    """Outlines of the communes of a content. One query."""
    codes = [row["code"] for row in content["communes"]["rows"]]
    return dict(Commune.objects.filter(code__in=codes).values_list("code", "outline"))


def _place(content: Content) -> str:
    communes, people = content["perimeter"]["communes"], content["perimeter"]["population"]
    return f"{communes} {plural(communes, 'commune')}, {grouped(people)} habitants"


def _summary(content: Content) -> Iterator[Block]:
    by_code = figures_by_code(content)
    yield Heading("Synthèse")
    yield Figures([_card(by_code[code]) for code in content["summary"] if code in by_code])
    yield Heading("Le territoire et son département", level=2)
    compared = comparisons(content)
    if compared:
        yield Points.of(compared)
    else:
        yield Paragraph("Aucune source chargée ne permet de comparer.")
    yield Heading("Ce qui ressort", level=2)
    open_gaps = [gap for gap in content["gaps"] if gap["answer"] != "écarté"]
    if open_gaps:
        yield Points([Paragraph(gap["detail"], lead=f"{gap['title']} ({gap['answer']}).") for gap in open_gaps[:6]])
    else:
        yield Paragraph(_no_gap(content))
    if content["priorities"]:
        yield Heading("Priorités de l’équipe", level=2)
        wanted = [Paragraph(f"— {priority['mission']}", lead=priority["title"]) for priority in content["priorities"]]
        yield Points(wanted, is_numbered=True)


def _card(figure: Mapping[str, Any]) -> tuple[str, str, str]:
    if figure["missing"]:
        value = figure.get("own_value", "voir nos chiffres") if figure["own"] else "manquant"
    else:
        value = figure["value"]
    vintage = f", {figure['vintage']}" if figure["vintage"] else ""
    coverage = f" ({figure['coverage']})" if figure.get("coverage") else ""
    return figure["label"], value, f"{figure['unit']}{vintage}{coverage}"


def comparisons(content: Content) -> list[str]:
    """Sentences of the summary: how the territory stands beside its département, for figures with a better side."""
    sentences = []
    for figure in figures_by_code(content).values():
        there, here = figure["references"][0], figure["density"] or figure["value"]
        is_told = figure["direction"] and not figure["missing"] and figure["number"] is not None
        if is_told and there not in {"—", here}:
            unit = "pour 10 000 habitants" if figure["density"] else figure["unit"]
            sentences.append(f"{figure['label']} : {here} {unit}, contre {there} dans le département.")
    return sentences[:10]


def _no_gap(content: Content) -> str:
    silent = content.get("unchecked", ())
    if silent:
        return f"Les chiffres chargés n’en montrent aucun, mais ceux-ci manquent pour le dire : {', '.join(silent)}."
    return "Les chiffres ne montrent aucun manque."


def _theme(content: Content, key: str, maps: Mapping[str, Any], outlines: Mapping[str, str]) -> Iterator[Block]:
    themes = {theme["key"]: theme["figures"] for theme in content["themes"]}
    title, mapped = THEMES[key]
    yield Heading(title)
    yield _indicators(content, themes[key])
    if key == "needs":
        yield Heading("Flux de patients", level=2)
        yield _indicators(content, themes["flows"])
    drawn = [_picture(maps[code], outlines) for code in mapped if code in maps]
    if pictures := [picture for picture in drawn if picture.svg]:
        yield Pictures(pictures)


def _indicators(content: Content, figures: list[dict[str, Any]]) -> Table:
    """Value, then what it is compared with, then where it comes from."""
    return Table(
        columns=(
            Column("Indicateur", 2.4),
            Column("La CPTS", is_number=True),
            Column(content["departement"], 0.8, is_number=True),
            Column(content["region"], 0.8, is_number=True),
            Column("France", 0.8, is_number=True),
            Column("Source et millésime", 2.6),
        ),
        rows=[_indicator(figure) for figure in figures],
        nothing="Aucun indicateur.",
    )


def _indicator(figure: Mapping[str, Any]) -> tuple[Cell | str, ...]:
    own = f"Nos chiffres : {figure['own']}" if figure["own"] else ""
    density = f"{figure['density']} p. 10 000" if figure["density"] else ""
    vintage = f", {figure['vintage']}" if figure["vintage"] else ""
    remark = f". {figure['remark']}" if figure["remark"] else ""
    return (
        Cell(f"{figure['label']} ({figure['unit']})", own),
        Cell("manquant", is_small=True) if figure["missing"] else Cell(figure["value"], density),
        *figure["references"],
        Cell(f"{figure['source']}{vintage}{remark}", is_small=True),
    )


def _picture(drawn: Mapping[str, Any], outlines: Mapping[str, str]) -> Picture:
    legend = [(FILLS[place], f"{place} : {text}") for place, text in enumerate(drawn["legend"], start=1)]
    if drawn["unpublished"]:
        legend.append((UNPUBLISHED, f"– : non publié ({drawn['unpublished']})"))
    return Picture(
        title=drawn["title"],
        svg=map_svg(dict(outlines), drawn["classes"], drawn["title"]),
        alt=f"Carte : {drawn['title']}. Les valeurs sont dans le tableau des communes.",
        legend=legend,
        caption=drawn["unit"],
    )


def _resources_and_gaps(content: Content) -> Iterator[Block]:
    yield Heading("Ce qui existe, ce qui manque")
    yield Heading("Ressources du territoire", level=2)
    yield Table(
        columns=(
            Column("Nature", 1.2),
            Column("Nom", 1.9),
            Column("Commune", 1.1),
            Column("Portée", 1.1),
            Column("Contact", 1.1),
            Column("Horaires", 1.4),
        ),
        rows=[
            (
                resource["kind"],
                resource["name"],
                resource["commune"],
                resource["scope"],
                resource["contact"],
                resource.get("hours", ""),
            )
            for resource in content["resources"]
        ],
        nothing="Aucune ressource n’a encore été recensée.",
    )
    yield Heading("Manques", level=2)
    yield Table(
        columns=(
            Column("Manque", 1.6),
            Column("Ce que disent les chiffres", 2.2),
            Column("Réponse"),
            Column("Raison", 1.4),
        ),
        rows=[(gap["title"], gap["detail"], gap["answer"], gap["reason"]) for gap in content["gaps"]],
        nothing=_no_gap(content),
    )


def _priorities(content: Content) -> Iterator[Block]:
    yield Heading("Priorités")
    yield Table(
        columns=(
            Column("Rang", 0),
            Column("Besoin", 1.6),
            Column("Ce qui le montre", 2),
            Column("Mission", 1.3),
            Column("Indicateurs suivis", 1.4),
        ),
        rows=[
            (
                str(priority["rank"]),
                priority["title"],
                priority["why"],
                priority["mission"],
                ", ".join(priority["indicators"]),
            )
            for priority in content["priorities"]
        ],
        nothing="Les priorités n’ont pas encore été fixées par l’équipe.",
    )


def _communes(content: Content) -> Iterator[Block]:
    communes = content["communes"]
    if 0 < len(communes["rows"]) <= MOST_COMMUNES:
        yield Heading("Commune par commune")
        yield Table(
            columns=(
                Column("Commune", 1.9),
                Column("Habitants", 0, is_number=True),
                *(Column(title, is_number=True) for title in communes["columns"]),
            ),
            rows=[(row["name"], grouped(row["population"]), *row["values"]) for row in communes["rows"]],
        )


def _method(content: Content) -> Iterator[Block]:
    yield Heading("Méthode")
    yield from METHOD
    yield Heading("Définitions", level=2)
    yield Table(
        columns=(Column("Indicateur", 1.5), Column("Définition", 3), Column("Numérateur / dénominateur", 2)),
        rows=[[Cell(text, is_small=True) for text in row] for row in printed_definitions(content)],
        nothing="Aucun chiffre n’est chargé.",
    )


def printed_definitions(content: Content) -> Iterator[tuple[str, str, str]]:
    """Label, definition and what it is made of, of each figure told; professions that share one come together."""
    seen: set[str] = set()
    for figure in figures_by_code(content).values():
        family = figure["code"].partition("_")[0] if figure["code"].startswith(FAMILIES) else figure["code"]
        if not figure["missing"] and family not in seen:
            seen.add(family)
            made_of = " / ".join(filter(None, (figure["numerator"], figure["denominator"])))
            shared = f"{figure['label']}, et de même chaque profession"
            yield shared if family != figure["code"] else figure["label"], figure["definition"], made_of


def _sources(content: Content) -> Iterator[Block]:
    yield Heading("Sources")
    yield Table(
        columns=(Column("Source", 2.4), Column("Millésimes", 1.4), Column("Licence"), Column("Adresse", 2)),
        rows=[
            (source["title"], source["vintages"], source["licence"], Cell(source["where"], is_small=True))
            for source in sources(content)
        ],
        nothing="Aucune source.",
    )
    yield Paragraph("Contours des communes : IGN, Licence Ouverte. Populations : INSEE.", is_note=True)


def sources(content: Content) -> list[dict[str, str]]:
    """Each source once, with its vintages and its licence."""
    known: dict[str, dict[str, Any]] = {}
    for figure in figures_by_code(content).values():
        empty = {"licence": figure["licence"], "where": figure["where"], "vintages": []}
        row = known.setdefault(figure["source"], empty)
        if figure["vintage"] and figure["vintage"] not in row["vintages"]:
            row["vintages"].append(figure["vintage"])
    return [
        {
            "title": title,
            "licence": row["licence"],
            "where": row["where"],
            "vintages": ", ".join(row["vintages"]) or "non chargé",
        }
        for title, row in known.items()
    ]
