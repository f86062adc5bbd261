"""The sidebar: which links a person has on the CPTS of the page, and which one is current."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from maillage.accounts import identity
from maillage.accounts.models import User
from maillage.accounts.permissions import Permission, assignments_of
from maillage.cpts.models import Cpts


@dataclass(frozen=True)
class Entry:
    """One possible link of the workspace."""

    label: str
    url_name: str
    permission: Permission


SECTIONS: tuple[tuple[str, str, tuple[Entry, ...]], ...] = (
    (
        "Principal",
        "",
        (
            Entry("Accueil", "portal:home", Permission.HOME_VIEW),
            Entry("Membres", "members:list", Permission.MEMBER_LIST),
            Entry("Ma fiche", "members:own", Permission.MEMBER_LIST),
            Entry("Réunions", "meetings:list", Permission.MEETING_LIST),
            Entry("Soins non programmés", "unscheduled_care:desk", Permission.SLOT_BOOK),
            Entry("Annuaire", "territory:professionals", Permission.DIRECTORY_VIEW),
            Entry("Territoire", "territory:show", Permission.TERRITORY_VIEW),
            Entry("Diagnostic", "diagnosis:overview", Permission.DIAGNOSIS_VIEW),
        ),
    ),
    ("Pilotage", "Pilotage", (Entry("Financement ACI", "aci:simulation", Permission.ACI_VIEW),)),
    (
        "Réglages",
        "Réglages",
        (
            Entry("Équipe et invitations", "accounts:team", Permission.TEAM_MANAGE),
            Entry("Comptes et connexions", "accounts:accounts_of_cpts", Permission.TEAM_MANAGE),
            Entry("Messages", "exchange:journal", Permission.MESSAGE_LIST),
            Entry("Journal", "accounts:audit", Permission.AUDIT_VIEW),
        ),
    ),
)
INSTANCE_ENTRIES = (
    ("CPTS à approuver", "oversight:approvals"),
    ("Identités à trancher", "oversight:identities"),
    ("Comptes et connexions", "accounts:accounts"),
    ("Données de référence", "portal:reference"),
    ("Données ouvertes", "portal:open_data"),
    ("Messages sortants", "portal:outbox"),
    ("Limites", "portal:limits"),
    ("Sauvegardes", "portal:backups"),
    ("Clés", "portal:keys"),
    ("Composants", "portal:gallery"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """What layout/base.html shows around every page. One query at most: the roles, when the page had not asked yet."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"shell": {"cpts": None, "sections": [], "roles": [], "psc_is_offered": identity.is_joined()}}
    cpts = getattr(request, "cpts", None)
    permissions: frozenset[Permission] = getattr(request, "permissions", frozenset())
    sections = _workspace(request, cpts, permissions) if cpts else _instance(request, permissions)
    facts = {"cpts": cpts, "sections": sections, "roles": _roles(user, cpts), "psc_is_offered": identity.is_joined()}
    return {"shell": facts, "may": _may(permissions)}


def _may(permissions: frozenset[Permission]) -> dict[str, bool]:
    """Rights as templates read them: {% if may.territory_edit %}."""
    return {permission.name.lower(): permission in permissions for permission in Permission}


def _roles(user: User, cpts: Cpts | None) -> list[str]:
    held = (one for one in assignments_of(user) if (one.covers(cpts) if cpts else not one.cpts_id))
    return [capfirst(one.get_role_display()) for one in held][:2]


def _workspace(request: HttpRequest, cpts: Cpts, permissions: frozenset[Permission]) -> list[dict[str, Any]]:
    sections = []
    for label, title, entries in SECTIONS:
        links = [
            _link(request, entry.label, reverse(entry.url_name, args=[cpts.slug]))
            for entry in entries
            if entry.permission in permissions
        ]
        if links:
            sections.append({"label": label, "title": title or cpts.name, "links": links})
    return sections


def _instance(request: HttpRequest, permissions: frozenset[Permission]) -> list[dict[str, Any]]:
    if Permission.INSTANCE_MANAGE not in permissions:
        return []
    links = [_link(request, label, reverse(name)) for label, name in INSTANCE_ENTRIES]
    return [{"label": "Instance", "title": "Instance", "links": links}]


def _link(request: HttpRequest, label: str, url: str) -> dict[str, Any]:
    home = url.count("/") == 3  # /cpts/<slug>/ is the start of every other address
    current = request.path == url if home else request.path.startswith(url)
    return {"label": label, "url": url, "current": current}
