"""Who may do what: the one table of rights, read by every view, every template and the walk of all URLs."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from maillage.accounts.models import AccountKind, Role, RoleAssignment, User
from maillage.core.access import View
from maillage.cpts.models import Cpts


class Permission(StrEnum):
    """One thing somebody may do. On a CPTS unless its name starts with INSTANCE."""

    HOME_VIEW = "home.view"
    TERRITORY_VIEW = "territory.view"
    TERRITORY_DRAFT_VIEW = "territory.draft.view"
    TERRITORY_EDIT = "territory.edit"
    ACI_VIEW = "aci.view"
    MEMBER_LIST = "member.list"
    MEMBER_MANAGE = "member.manage"
    DIRECTORY_VIEW = "directory.view"
    DIAGNOSIS_VIEW = "diagnosis.view"
    DIAGNOSIS_EDIT = "diagnosis.edit"
    MESSAGE_LIST = "message.list"
    MEETING_LIST = "meeting.list"
    MEETING_MANAGE = "meeting.manage"
    SLOT_PUBLISH = "slot.publish"
    SLOT_BOOK = "slot.book"
    CARE_MANAGE = "care.manage"
    PATIENT_DESK = "patient.desk"
    TEAM_MANAGE = "team.manage"
    AUDIT_VIEW = "audit.view"
    INSTANCE_MANAGE = "instance.manage"


_READERS = frozenset(
    {Permission.HOME_VIEW, Permission.TERRITORY_VIEW, Permission.DIRECTORY_VIEW, Permission.DIAGNOSIS_VIEW}
)
_ANY_MEMBER = _READERS | {
    Permission.MEMBER_LIST, Permission.MEETING_LIST, Permission.SLOT_PUBLISH, Permission.SLOT_BOOK,
}  # fmt: skip
_TEAM = frozenset(
    {Permission.MEMBER_MANAGE, Permission.MEETING_MANAGE, Permission.MESSAGE_LIST, Permission.CARE_MANAGE}
)
_BOARD = _ANY_MEMBER | {Permission.TERRITORY_DRAFT_VIEW, Permission.ACI_VIEW}
_INSTITUTION = _READERS | {Permission.ACI_VIEW}
_LEAD = _BOARD | _TEAM | {
    Permission.TERRITORY_EDIT, Permission.DIAGNOSIS_EDIT, Permission.TEAM_MANAGE, Permission.AUDIT_VIEW,
}  # fmt: skip

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.COORDINATOR: _LEAD | {Permission.PATIENT_DESK},
    Role.PRESIDENT: _LEAD,
    Role.TREASURER: _BOARD,
    Role.SECRETARY: _BOARD | _TEAM,
    Role.MEMBER: _ANY_MEMBER,
    Role.MEDICAL_ASSISTANT: _ANY_MEMBER | {Permission.PATIENT_DESK},
    Role.REGULATOR: _READERS,
    Role.ARS_INSTRUCTOR: _INSTITUTION,
    Role.CPAM_INSTRUCTOR: _INSTITUTION,
    Role.GUICHET_AGENT: _INSTITUTION | {Permission.TERRITORY_DRAFT_VIEW},
    Role.INSTANCE_ADMIN: frozenset({Permission.INSTANCE_MANAGE}),
}

# What a password alone never opens: patients, money, votes, members as a whole, and who may do what.
STRONG_PERMISSIONS = frozenset(
    {
        Permission.PATIENT_DESK,
        Permission.CARE_MANAGE,
        Permission.ACI_VIEW,
        Permission.MEETING_MANAGE,
        Permission.MEMBER_MANAGE,
        Permission.MESSAGE_LIST,
        Permission.TEAM_MANAGE,
        Permission.AUDIT_VIEW,
        Permission.INSTANCE_MANAGE,
    }
)
# Roles of whoever holds one of these; regulators too, who read and book for patients by their role alone.
STRONG_ROLES = frozenset(
    {role for role, rights in ROLE_PERMISSIONS.items() if rights & STRONG_PERMISSIONS} | {Role.REGULATOR}
)

# Who may see a CPTS exist as a workspace: the administrator of an instance runs it, without reading its CPTS.
_WORKSPACE_ROLES = frozenset(role for role, rights in ROLE_PERMISSIONS.items() if Permission.HOME_VIEW in rights)


# Who says that a CPTS is one, in the territory of their role. Nobody else reaches it before, but its own team.
APPROVERS = frozenset({Role.GUICHET_AGENT, Role.ARS_INSTRUCTOR, Role.INSTANCE_ADMIN})


class CptsRequest(HttpRequest):
    """A request whose person and CPTS are known (accounts.middleware)."""

    user: User
    cpts: Cpts
    permissions: frozenset[Permission]
    htmx: Any


def assignments_of(user: User) -> list[RoleAssignment]:
    """Roles of a person, read once a request. An account of the identity provider holds none."""
    if not hasattr(user, "_assignments"):
        held = [] if user.kind == AccountKind.EXTERNAL else list(user.assignments.for_rights())
        user._assignments = held  # type: ignore[attr-defined]
    return cast("list[RoleAssignment]", user._assignments)  # type: ignore[attr-defined]


def permissions_on(user: User, cpts: Cpts | None) -> frozenset[Permission]:
    """All a person may do on a CPTS, or on the instance when `cpts` is None.

    One person may coordinate one CPTS and be a plain member of the next.
    """
    if not user.is_active:
        return frozenset()
    if cpts is None:
        held = (one.role for one in assignments_of(user) if one.role == Role.INSTANCE_ADMIN)
    else:
        held = (one.role for one in assignments_of(user) if one.role in _WORKSPACE_ROLES and _reaches(one, cpts))
    return _union(ROLE_PERMISSIONS[Role(role)] for role in held)


def demands_second_factor(user: User) -> bool:
    """Whether one of the person's roles reads patients, money or votes, or runs the instance.

    A CPTS that waits for its approval is a workspace without patients nor contract: it demands nothing yet.
    """
    return any(one.role in STRONG_ROLES and not _waits(one) for one in assignments_of(user))


def ends_when_idle(user: User) -> bool:
    """Whether a session of theirs ends after `SESSION_IDLE_MINUTES` without use."""
    return user.kind == AccountKind.EXTERNAL or demands_second_factor(user)


def _waits(assignment: RoleAssignment) -> bool:
    return assignment.cpts is not None and not assignment.cpts.is_approved


def _reaches(assignment: RoleAssignment, cpts: Cpts) -> bool:
    """A CPTS that waits for its approval is seen by its team and by those who approve."""
    is_seen = cpts.is_approved or assignment.cpts_id or assignment.role in APPROVERS
    return bool(is_seen) and assignment.covers(cpts)


def _union(sets: Iterable[frozenset[Permission]]) -> frozenset[Permission]:
    return frozenset().union(*sets)


def allows(user: User, permission: Permission, *, on: Cpts | None) -> bool:
    return permission in permissions_on(user, on)


def requires(permission: Permission) -> Callable[[View], View]:
    """The right a view demands. A stranger got 404 before; a colleague without the right gets 403."""

    def decorator(view: View) -> View:
        @wraps(view)
        def wrapper(request: CptsRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if permission not in request.permissions:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        wrapper.access = permission  # type: ignore[attr-defined]  # read by the walk of all URLs
        return wrapper

    return decorator
