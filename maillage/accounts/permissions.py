"""Who may do what: what apps declare, read by every view, every template and the walk of all URLs."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from maillage.accounts.acts import Act
from maillage.accounts.models import AccountKind, Role, RoleAssignment, User
from maillage.audit.models import AuditEvent
from maillage.core.screens.access import View
from maillage.core.workspaces import declared
from maillage.cpts.models import Cpts

# Groups of roles, as capabilities give rights to them.
LEAD = frozenset({Role.COORDINATOR, Role.PRESIDENT})
TEAM = LEAD | {Role.SECRETARY}
BOARD = TEAM | {Role.TREASURER}
ANY_MEMBER = BOARD | {Role.MEMBER, Role.MEDICAL_ASSISTANT}
INSTITUTIONS = frozenset({Role.ARS_INSTRUCTOR, Role.CPAM_INSTRUCTOR, Role.GUICHET_AGENT})
READERS = ANY_MEMBER | INSTITUTIONS | {Role.REGULATOR}


class Permission(str):
    """One thing somebody may do on a CPTS, or on the instance (`instance.…`), and the roles that may.

    Each app makes its own in its module `permissions` and declares them in its workspace. A strong one is never opened
    by a password alone: patients, money, votes, members as a whole, who may do what.
    """

    __slots__ = ("is_strong", "roles")
    roles: frozenset[Role]
    is_strong: bool

    def __new__(cls, code: str, *, roles: Iterable[Role], is_strong: bool = False) -> "Permission":
        made = super().__new__(cls, code)
        made.roles, made.is_strong = frozenset(roles), is_strong
        return made


HOME_VIEW = Permission("home.view", roles=READERS)
# Who is in the team and who is a member is asked by this app itself, which binds accounts.
TEAM_MANAGE = Permission("team.manage", roles=LEAD, is_strong=True)
MEMBER_MANAGE = Permission("member.manage", roles=TEAM, is_strong=True)
AUDIT_VIEW = Permission("audit.view", roles=LEAD, is_strong=True)
INSTANCE_MANAGE = Permission("instance.manage", roles={Role.INSTANCE_ADMIN}, is_strong=True)


@cache
def every_permission() -> frozenset[Permission]:
    """What the apps declare, together."""
    return frozenset(permission for some in declared("PERMISSIONS") for permission in some)


@cache
def permissions_of(role: Role) -> frozenset[Permission]:
    return frozenset(permission for permission in every_permission() if role in permission.roles)


@cache
def strong_roles() -> frozenset[Role]:
    """Roles of whoever holds a strong permission; regulators too, who book for patients by their role alone."""
    return frozenset(
        {Role.REGULATOR}.union(*(permission.roles for permission in every_permission() if permission.is_strong))
    )


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
        held = (assignment.role for assignment in assignments_of(user) if assignment.role == Role.INSTANCE_ADMIN)
    else:
        held = (
            assignment.role
            for assignment in assignments_of(user)
            if assignment.role in HOME_VIEW.roles and _reaches(assignment, cpts)
        )
    return _union(permissions_of(Role(role)) for role in held)


def demands_second_factor(user: User) -> bool:
    """Whether one of the person's roles reads patients, money or votes, or runs the instance.

    A CPTS that waits for its approval is a workspace without patients nor contract: it demands nothing yet.
    """
    return any(assignment.role in strong_roles() and not _waits(assignment) for assignment in assignments_of(user))


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


def still_vouches(by: User | None, permission: Permission, *, on: Cpts | None, since: datetime) -> bool:
    """Whether what somebody gave then, in the name of a CPTS, still stands when it is used: an invitation, a tablet, a
    code said aloud. It ends with their right, and with « Ce n’est pas moi »: somebody else may have given it.
    """
    return by is not None and allows(by, permission, on=on) and not was_taken_back(by, since=since)


def was_taken_back(user: User, *, since: datetime) -> bool:
    """« Ce n’est pas moi », said since then."""
    return takings_back(user).filter(at__gte=since).exists()


def takings_back(user: User) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(
        type=Act.ACCOUNT_TAKEN_BACK, target_type=User._meta.label_lower, target_id=str(user.pk)
    )


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
