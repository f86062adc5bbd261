"""The sidebar: which links a person has on the CPTS of the page, and which one is current."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from maillage.accounts.menus import Section, in_section, instance_entries
from maillage.accounts.models import User
from maillage.accounts.permissions import INSTANCE_MANAGE, Permission, assignments_of, every_permission
from maillage.accounts.signing_in import identity
from maillage.cpts.models import Cpts


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
    return {permission.replace(".", "_"): permission in permissions for permission in every_permission()}


def _roles(user: User, cpts: Cpts | None) -> list[str]:
    held = (
        assignment
        for assignment in assignments_of(user)
        if (assignment.covers(cpts) if cpts else not assignment.cpts_id)
    )
    return [capfirst(assignment.get_role_display()) for assignment in held][:2]


def _workspace(request: HttpRequest, cpts: Cpts, permissions: frozenset[Permission]) -> list[dict[str, Any]]:
    sections = []
    for section in Section:
        links = [
            _link(request, entry.label, reverse(entry.url_name, args=[cpts.slug]))
            for entry in in_section(section, permissions)
        ]
        if links:
            title = cpts.name if section == Section.MAIN else section.value
            sections.append({"label": section.value, "title": title, "links": links})
    return sections


def _instance(request: HttpRequest, permissions: frozenset[Permission]) -> list[dict[str, Any]]:
    if INSTANCE_MANAGE not in permissions:
        return []
    links = [_link(request, entry.label, reverse(entry.url_name)) for entry in instance_entries()]
    return [{"label": "Instance", "title": "Instance", "links": links}]


def _link(request: HttpRequest, label: str, url: str) -> dict[str, Any]:
    home = url.count("/") == 3  # /cpts/<slug>/ is the start of every other address
    current = request.path == url if home else request.path.startswith(url)
    return {"label": label, "url": url, "current": current}
