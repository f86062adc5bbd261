"""What was given on the word of an account, taken back with it: somebody else may have given it.

CPTS by CPTS, from invitee to invitee: whoever got in through the account may have let others in. What they withdrew
from others is for the administrator to decide; the person's own role comes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from maillage.accounts import hooks
from maillage.accounts.actions.proofs import contest_proof
from maillage.accounts.acts import Act
from maillage.accounts.models import Invitation, NumberProof, Role, RoleAssignment, User
from maillage.accounts.permissions import MEMBER_MANAGE, TEAM_MANAGE, takings_back
from maillage.audit import actions as audit
from maillage.audit.models import AuditEvent
from maillage.core.text import listed
from maillage.cpts.models import Cpts

UNDONE_WITHIN = timedelta(days=7)
INVITING = TEAM_MANAGE.roles | MEMBER_MANAGE.roles


def record_way_in(*, user: User, cpts: Cpts, by: User, given_at: datetime, at: datetime) -> None:
    """Somebody of the team made a person a member, who entered by saying that it is them: an invitation as good as
    written, given then and accepted now. It goes with the word of whoever gave it."""
    Invitation.objects.create(
        cpts=cpts,
        email=user.email,
        role=Role.MEMBER,
        invited_by=by,
        created_at=given_at,
        expires_at=at,
        accepted_at=at,
        accepted_by=user,
    )


def is_word_taken_back(by: User, given_at: datetime) -> bool:
    """Whether « Ce n’est pas moi » was said within its days after then: somebody else may have given it."""
    return takings_back(by).filter(at__gte=given_at, at__lte=given_at + UNDONE_WITHIN).exists()


@dataclass(frozen=True)
class WayIn:
    """Somebody who was let in a CPTS, whether they are still there or not. What they did before is their own."""

    user_id: int
    role: str
    at: datetime


def take_back_granted(*, by: User, since: datetime, at: datetime) -> None:
    """Roles and proofs given since then by somebody who says « ce n’est pas moi », and by those they let in. Who is
    meant is invited again. Nothing here refuses: an account is taken back whatever became of what it gave."""
    _contest(NumberProof.objects.filter(checked_by=by, proved_at__gte=since), by, at)
    for cpts in _places(by, since):
        ways = _let_in(by, cpts, since)
        withdrawals = _withdrawals(by, cpts, ways, since)
        if _roles_lost(by, withdrawals) or _may_invite(by, cpts):
            _take_back_in(cpts, by, ways, withdrawals, at)
        elif standing := [assignment for way in ways for assignment in _roles_of(cpts, way)]:
            _tell_of_those_left(cpts, by, standing, at)


def _places(by: User, since: datetime) -> list[Cpts]:
    """Where they let somebody in, or ended a role, since then."""
    invited = Invitation.objects.filter(invited_by=by, created_at__gte=since).values("cpts")
    ended = _ended_roles(since).filter(by_id=by.pk).values("cpts_id")
    return list(Cpts.objects.filter(Q(pk__in=invited) | Q(pk__in=ended)).order_by("pk"))


def _let_in(by: User, cpts: Cpts, since: datetime) -> list[WayIn]:
    """Through their invitations to that CPTS, then through those of whoever accepted, once they had. Each role is a way
    in; who had the right to invite before invites by themselves."""
    ways: dict[tuple[int, str], WayIn] = {}
    inviters = [WayIn(by.pk, "", since)]
    while inviters:
        inviter = inviters.pop()
        accepted = Invitation.objects.filter(cpts=cpts, invited_by=inviter.user_id, created_at__gte=inviter.at)
        rows = accepted.exclude(accepted_at=None).exclude(accepted_by=by).order_by("accepted_at", "pk")
        for user_id, role, accepted_at in rows.values_list("accepted_by", "role", "accepted_at"):
            known = ways.get((user_id, role)) if user_id else None
            if user_id and accepted_at and (known is None or accepted_at < known.at):
                ways[user_id, role] = WayIn(user_id, role, accepted_at)
                if not _had_the_right(ways[user_id, role], cpts):
                    inviters.append(ways[user_id, role])
    return list(ways.values())


def _ended_roles(since: datetime) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(type=Act.ROLE_WITHDRAWN, at__gte=since)


def _withdrawals(by: User, cpts: Cpts, ways: Iterable[WayIn], since: datetime) -> list[AuditEvent]:
    """Roles of that CPTS ended from the account, or by whoever was let in to a role that ends others, once they were.
    Who had such a role before acts by themselves."""
    ended_by = Q(by_id=by.pk)
    for way in ways:
        if way.role in TEAM_MANAGE.roles and not _had_the_right(way, cpts):
            ended_by |= Q(by_id=way.user_id, at__gte=way.at)
    return list(_ended_roles(since).filter(ended_by, cpts_id=cpts.pk).order_by("pk"))


def _had_the_right(way: WayIn, cpts: Cpts) -> bool:
    held = (
        RoleAssignment.objects.of(cpts).filter(user=way.user_id, created_at__lt=way.at).values_list("role", flat=True)
    )
    return any(role in TEAM_MANAGE.roles for role in held)


def _may_invite(by: User, cpts: Cpts) -> bool:
    """A colleague who was dismissed, by somebody they did not let in, takes nothing away."""
    held = RoleAssignment.objects.of(cpts).filter(user=by).values_list("role", flat=True)
    return any(role in INVITING for role in held)


def _roles_lost(by: User, withdrawals: Iterable[AuditEvent]) -> set[Role]:
    return {Role(event.details["role"]) for event in withdrawals if event.details.get("user") == by.pk}


def _take_back_in(cpts: Cpts, by: User, ways: list[WayIn], withdrawals: list[AuditEvent], at: datetime) -> None:
    for role in _roles_lost(by, withdrawals):
        _give_back(cpts, by, role, at)
    known = {by.pk, *(way.user_id for way in ways)}
    others = [event for event in withdrawals if event.details.get("user") not in known]
    taken = [assignment for way in ways for assignment in _roles_of(cpts, way)]
    kept = None if others else _only_coordination(cpts, taken)
    for assignment in taken:
        if assignment != kept:
            _end(assignment, by, at)
    for way in ways:
        _contest(NumberProof.objects.filter(cpts=cpts, checked_by=way.user_id, proved_at__gte=way.at), by, at)
    _tell(cpts, by, kept, others, at)


def _roles_of(cpts: Cpts, way: WayIn) -> QuerySet[RoleAssignment]:
    held = RoleAssignment.objects.of(cpts).filter(user=way.user_id, role=way.role, created_at__gte=way.at)
    return held.select_related("user", "cpts")


def _only_coordination(cpts: Cpts, taken: list[RoleAssignment]) -> RoleAssignment | None:
    """The one without whom nobody would coordinate, while nobody was put out: it may well be meant."""
    coordinating = [assignment for assignment in taken if assignment.role == Role.COORDINATOR]
    others = RoleAssignment.objects.of(cpts).filter(role=Role.COORDINATOR)
    if not coordinating or others.exclude(pk__in=[assignment.pk for assignment in taken]).exists():
        return None
    return coordinating[0]


def _give_back(cpts: Cpts, user: User, role: Role, at: datetime) -> None:
    assignment, created = RoleAssignment.objects.get_or_create(
        user=user, role=role, cpts=cpts, defaults={"created_at": at}
    )
    if created:
        summary = f"Rôle « {role.label} » rendu à {user} avec son compte"
        audit.record(Act.ROLE_GRANTED, target=assignment, by=user, at=at, cpts=cpts, summary=summary)


def _end(assignment: RoleAssignment, by: User, at: datetime) -> None:
    summary = f"Rôle « {assignment.get_role_display()} » retiré à {assignment.user} : donné par un compte repris"
    audit.record(Act.ROLE_WITHDRAWN, target=assignment, by=by, at=at, cpts=assignment.cpts, summary=summary)
    assignment.delete()


def _contest(proofs: QuerySet[NumberProof], by: User, at: datetime) -> None:
    for proof in proofs.filter(ended_at=None, contested_at=None):
        contest_proof(proof=proof, by=by, at=at)


def _tell(cpts: Cpts, by: User, kept: RoleAssignment | None, others: list[AuditEvent], at: datetime) -> None:
    """What nobody can know from here, for the administrator of the instance to decide."""
    if kept:
        what = f"{kept.user}, seule coordination de {cpts}, a été invité par {by}, dont le compte vient d’être repris"
        hooks.identity_contested(what=what, at=at, is_urgent=True)
    if others:
        ended = listed(event.summary for event in others)
        what = f"{cpts} : depuis le compte de {by}, qui vient d’être repris, ou par qui il a fait entrer, {ended}"
        hooks.identity_contested(what=what, at=at, is_urgent=True)


def _tell_of_those_left(cpts: Cpts, by: User, standing: list[RoleAssignment], at: datetime) -> None:
    """They had no right there any more: a colleague ended it, of a crook or of a thief."""
    who = listed(f"{assignment.user} ({assignment.get_role_display()})" for assignment in standing)
    what = f"{cpts} : {by}, dont le compte vient d’être repris et qui n’y a plus de rôle, y avait fait entrer {who}"
    hooks.identity_contested(what=what, at=at, is_urgent=True)
