"""Every page of the demonstration as each of its people, and the time that the database takes for each.

`make bench-walk DATABASE_URL=postgres://…`, naming a database where `make demo-reset` ran: statistics are gathered,
then links are followed from the home of each person, three pages of a kind, each opened twice: the second time counts.
"""

import argparse
import os
import re
from collections import Counter, deque
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.demo")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import Resolver404, resolve  # noqa: E402

from benchmarks.plans import Statement, watched  # noqa: E402
from maillage.portal.demo.people import PERSONAS  # noqa: E402

MOST_MS, MOST_ROWS, OF_A_KIND, SHOWN = 300, 1_000_000, 3, 25
LINK = re.compile(r'(?:href|hx-get|src)="(/[^"#]*)')
LEFT_OUT = ("/static/", "/compte/deconnexion", "/accounts/logout")


@dataclass(frozen=True)
class Page:
    name: str
    who: str
    url: str
    status: int
    statements: tuple[Statement, ...]

    @property
    def milliseconds(self) -> float:
        return sum(each.milliseconds for each in self.statements)

    @property
    def rows(self) -> int:
        """Of the statement that visits most."""
        return max((each.rows or 0 for each in self.statements), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plans", action="store_true", help="count the rows that each plan visits too (PostgreSQL)")
    parser.add_argument("--sql", action="store_true", help="print the slowest statement of each page over the limit")
    options = parser.parse_args()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    pages = [page for persona in [None, *PERSONAS] for page in walk(persona, explain=options.plans)]
    shown = sorted(pages, key=lambda page: page.milliseconds, reverse=True)
    print(f"{connection.vendor}: {len(pages)} pages, {len({page.name for page in pages})} kinds\n")
    print("| page | who | queries | database | rows of the heaviest plan |\n|---|---|---|---|---|")
    for page in shown[:SHOWN]:
        print(f"| {page.name} | {page.who} | {len(page.statements)} | {page.milliseconds:.0f} ms | {page.rows} |")
    wrong = [page for page in pages if page.milliseconds > MOST_MS or page.rows > MOST_ROWS or page.status >= 500]
    print(f"\n{len(wrong)} over {MOST_MS} ms or {MOST_ROWS} rows, or in error.")
    for page in wrong:
        print(f"  {page.status} {page.url} ({page.who}) {page.milliseconds:.0f} ms, {page.rows} rows")
        if options.sql and page.statements:
            print(f"    {max(page.statements, key=lambda each: (each.rows or 0, each.milliseconds)).sql}")


def walk(persona, *, explain: bool) -> list[Page]:
    """From one home, following links."""
    client = Client(HTTP_HOST="127.0.0.1", raise_request_exception=False)
    home = "/"
    if persona:
        client.post("/demonstration/entrer/", {"persona": persona.key})
        home = "/entree/"
    who = str(persona.role) if persona else "nobody"
    waiting, seen, kinds, pages = deque([home]), {home}, Counter(), []
    while waiting:
        url = waiting.popleft()
        name = name_of(url)
        if name is None or kinds[name] >= OF_A_KIND:
            continue
        kinds[name] += 1
        response = client.get(url)
        if "Location" in response.headers:
            found = [urlsplit(response.headers["Location"]).path]
        else:
            with watched(explain=explain) as statements:
                response = client.get(url)
            pages.append(Page(name, who, url, response.status_code, tuple(statements)))
            found = links_of(response)
        for link in found:
            if link not in seen and not link.startswith(LEFT_OUT):
                seen.add(link)
                waiting.append(link)
    return pages


def links_of(response) -> list[str]:
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return []
    return [unescape(link) for link in LINK.findall(response.content.decode())]


def name_of(url: str) -> str | None:
    try:
        match = resolve(urlsplit(url).path)
    except Resolver404:
        return None
    return None if "logout" in match.view_name else match.view_name


if __name__ == "__main__":
    main()
