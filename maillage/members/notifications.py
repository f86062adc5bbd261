"""Mails to those who ask, those who decide, those who join. Written in the caller's transaction."""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.text import capfirst

from maillage.accounts.models import DisputeOutcome, NumberProof, Role, RoleAssignment
from maillage.accounts.permissions import ROLE_PERMISSIONS, Permission
from maillage.core.templatetags.maillage import day
from maillage.cpts.models import Cpts
from maillage.exchange import links
from maillage.exchange.actions import write_mail
from maillage.members.models import Convention, Mandate, Membership
from maillage.members.rules.names import of

DECIDERS: tuple[Role, ...] = tuple(
    role for role, rights in ROLE_PERMISSIONS.items() if Permission.MEMBER_MANAGE in rights
)


def _write(membership: Membership, recipient: str, subject: str, body: str, at: datetime) -> None:
    write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=membership.cpts_id)


def _tell_of_identity(membership: Membership, recipient: str, subject: str, body: str, at: datetime) -> None:
    """Whose a membership is, and who doubts it: told even when its CPTS wrote all it may before its approval."""
    cpts_id = membership.cpts_id
    write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=cpts_id, is_limited=False)


def _deciders(cpts: Cpts) -> list[str]:
    """Addresses of those who manage the members of a CPTS."""
    held = RoleAssignment.objects.of(cpts).filter(role__in=DECIDERS, user__is_active=True)
    return sorted(set(held.exclude(user__email="").values_list("user__email", flat=True)))


def _signature(cpts: Cpts) -> str:
    return f"L’équipe de coordination de {cpts.with_article}\n"


def request_received(membership: Membership, at: datetime) -> None:
    """To an address that nobody proved yet: nothing of what was typed travels with it."""
    cpts = membership.cpts
    body = (
        f"Bonjour,\n\nNous avons bien reçu votre demande d’adhésion à {cpts.with_article}. "
        "Le bureau va l’examiner, et vous recevrez sa réponse à cette adresse.\n\n"
        "Si vous n’avez rien demandé, ignorez ce message : sans réponse du bureau, rien n’est publié et la demande "
        f"sera effacée dans un an.\n\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Votre demande d’adhésion à {cpts.with_article}", body, at)


def already_known(membership: Membership, at: datetime) -> None:
    """To the member, at the address they gave, never to whoever filled the form."""
    cpts = membership.cpts
    body = (
        f"Bonjour,\n\nUne demande d’adhésion à {cpts.with_article} vient d’être faite à votre nom. "
        "Elle n’a rien changé : votre adhésion, ou votre première demande, est toujours là.\n\n"
        f"Si ce n’était pas vous, ignorez ce message.\n\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Votre adhésion à {cpts.with_article} existe déjà", body, at)


def asked_from_elsewhere(membership: Membership, email: str, at: datetime) -> None:
    """To everybody who may answer: two people perhaps say they are the same professional."""
    link = settings.PUBLIC_URL + reverse("members:show", args=[membership.cpts.slug, membership.uuid])
    body = (
        f"Bonjour,\n\nUne nouvelle demande d’adhésion vient d’être faite sous l’identité {of(str(membership))}, depuis "
        f"l’adresse {email}, qui n’est pas celle de la fiche. Cette demande n’a rien changé.\n\nL’une des deux "
        f"personnes se fait peut-être passer pour l’autre : joignez-la au cabinet avant de décider.\n\n{link}\n"
    )
    for decider in _deciders(membership.cpts):
        _write(membership, decider, f"Deux demandes sous l’identité {of(str(membership))}", body, at)


def request_to_decide(membership: Membership, at: datetime) -> None:
    """To everybody who may answer; no telephone nor message in the mail, only who and where to decide."""
    link = settings.PUBLIC_URL + reverse("members:show", args=[membership.cpts.slug, membership.uuid])
    what = f", {membership.occupation}" if membership.occupation else ""
    body = (
        f"Bonjour,\n\n{membership}{what}, demande à rejoindre {membership.cpts.with_article}.\n\n"
        f"Lire la demande et répondre :\n{link}\n"
    )
    for email in _deciders(membership.cpts):
        _write(membership, email, f"Demande d’adhésion {of(str(membership))}", body, at)


def welcome(membership: Membership, at: datetime, *, with_account: bool) -> None:
    cpts = membership.cpts
    fee = membership.college.yearly_fee if membership.college else None
    amount = f"{fee:.2f} €".replace(".", ",") if fee else ""
    paying = f" La cotisation annuelle de votre collège ({membership.college}) est de {amount}." if fee else ""
    account = (
        "Vous recevrez, dans un message à part, un lien pour ouvrir votre compte : vous y trouverez l’annuaire des "
        "membres, votre attestation d’adhésion, et vous y choisirez ce qui est visible de vous.\n\n"
        if with_account
        else ""
    )
    body = (
        f"Bonjour,\n\nBienvenue à {cpts.with_article} : votre adhésion est acceptée.{paying}\n\n{account}"
        f"À bientôt,\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Bienvenue à {cpts.with_article}", body, at)


def refused(membership: Membership, at: datetime) -> None:
    cpts = membership.cpts
    reason = f" Le motif donné est le suivant : {membership.decision_reason}" if membership.decision_reason else ""
    body = (
        f"Bonjour,\n\nLe bureau de {cpts.with_article} n’a pas donné suite à votre demande d’adhésion.{reason}\n\n"
        f"Votre demande sera effacée dans un an.\n\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Votre demande d’adhésion à {cpts.with_article}", body, at)


def ending(one: Mandate | Convention, at: datetime) -> None:
    """A mandate or a convention that ends soon, to those who manage the members."""
    if isinstance(one, Mandate):
        what, page = f"Le mandat {of(str(one.membership))} ({one})", "mandates"
    else:
        what, page = f"La convention avec {one.partner}", "conventions"
    link = settings.PUBLIC_URL + reverse(f"members:{page}", args=[one.cpts.slug])
    assert one.ends_on
    text = f"{what} prend fin le {day(one.ends_on)}"
    body = f"Bonjour,\n\n{text}. Pensez à son renouvellement, ou à sa suite.\n\n{link}\n"
    for email in _deciders(one.cpts):
        write_mail(recipient=email, subject=text, body=body, at=at, cpts_id=one.cpts_id)


CONFIRM_ADDRESS = "member.address"
CONTEST_LIVES, CONFIRM_LIVES = timedelta(days=60), timedelta(days=7)


def address_purpose(membership: Membership) -> str:
    """A link confirms the address it was sent to, and no other one asked for since."""
    return f"{CONFIRM_ADDRESS}.{membership.pending_email.lower()}"


def contest_purpose(membership: Membership) -> str:
    """A link contests the binding that its mail told of, until the administrator decides; not a later one."""
    return f"member.contest.{membership.bound_at}.{membership.settled_at}"


def _contest_link(membership: Membership, at: datetime) -> str:
    """« Ce n’est pas moi », for whoever reads the mail: a page whose button suspends, and nothing else."""
    token = links.sign(contest_purpose(membership), membership.uuid, until=at + CONTEST_LIVES)
    return f"{settings.PUBLIC_URL}{reverse('members:not_me', args=[membership.uuid, token])}"


def _not_me(membership: Membership, at: datetime) -> str:
    return f"Ce n’est pas vous ? Dites-le en un geste, tout sera suspendu :\n{_contest_link(membership, at)}\n"


def bound(membership: Membership, former: str, at: datetime) -> None:
    """To the account that was bound, and to the address the team knew before when it is another one."""
    cpts = membership.cpts
    body = (
        f"Bonjour,\n\nL’adhésion {of(str(membership))} à {cpts.with_article} est maintenant reliée au compte Maillage "
        "de cette personne : elle y répond, signe et vote en son nom.\n\n" + _not_me(membership, at)
    )
    for recipient in sorted({address.lower() for address in (membership.email, former) if address}):
        _tell_of_identity(membership, recipient, f"Adhésion à {cpts.with_article} : un compte y est relié", body, at)


def merged(kept: Membership, other: Membership, at: datetime) -> None:
    """To the account of a page that another one was brought into, and to the address that the other one had."""
    cpts = kept.cpts
    body = (
        f"Bonjour,\n\n{capfirst(cpts.with_article)} a réuni deux fiches de membre, {kept} et {other} : mandats et "
        "cotisations sont maintenant ceux d’une seule personne, dont un compte Maillage répond.\n\n" + _not_me(kept, at)
    )
    for recipient in sorted({address.lower() for address in (kept.email, other.email) if address}):
        _write(kept, recipient, f"{capfirst(cpts.with_article)} a réuni deux fiches de membre", body, at)


def checked_in_person(proof: NumberProof, at: datetime) -> str:
    """To the national mailbox of the professional: who vouched for their identity, and how to say that it is not so."""
    return (
        f"Bonjour,\n\n{proof.cpts} a vérifié en personne l’identité de {proof.user} ({proof.checked_by_name}), sous "
        "votre numéro national. Ce compte peut ouvrir un agenda et paraître au SAS en votre nom.\n\n"
        f"Ce n’est pas vous ? Un geste suspend tout :\n{_doubt_link(proof, at)}\n"
    )


def doubt_purpose(proof: NumberProof) -> str:
    """A link doubts a proof until the administrator decides; a decision is not begun again by an old mail."""
    return f"number.doubt.{proof.disputes.exclude(outcome=DisputeOutcome.OPEN).count()}"


def _doubt_link(proof: NumberProof, at: datetime) -> str:
    token = links.sign(doubt_purpose(proof), proof.uuid, until=at + CONTEST_LIVES)
    return f"{settings.PUBLIC_URL}{reverse('members:not_my_number', args=[proof.uuid, token])}"


def number_proved(membership: Membership, proof: NumberProof, at: datetime) -> None:
    """To an address that a team knows under a number which another account just proved."""
    body = (
        f"Bonjour,\n\nUn compte Maillage a prouvé le numéro national {of(str(membership))} "
        f"({proof.get_means_display()}). Il en reçoit ce qui existe sous ce numéro : agenda, rendez-vous, présence au "
        "SAS.\n\nCe n’est pas vous ? Dites-le en un geste :\n"
        f"{_doubt_link(proof, at)}\n"
    )
    _tell_of_identity(membership, membership.email, "Votre numéro national vient d’être prouvé", body, at)


def contested(membership: Membership, at: datetime) -> None:
    """To those who manage the members: what is suspended, and who decides."""
    link = settings.PUBLIC_URL + reverse("members:show", args=[membership.cpts.slug, membership.uuid])
    body = (
        f"Bonjour,\n\nQuelqu’un a répondu « Ce n’est pas moi » à propos de l’adhésion {of(str(membership))}. Le compte "
        "qui y était relié ne peut plus rien faire en ce nom. L’administration de l’instance va trancher.\n\n"
        f"{link}\n"
    )
    for email in _deciders(membership.cpts):
        _tell_of_identity(membership, email, f"Adhésion {of(str(membership))} : contestée", body, at)


def address_asked(membership: Membership, at: datetime) -> None:
    """The new address proves itself; the one in use is warned, and keeps receiving meanwhile."""
    cpts = membership.cpts
    token = links.sign(address_purpose(membership), membership.uuid, until=at + CONFIRM_LIVES)
    link = settings.PUBLIC_URL + reverse("members:confirm_address", args=[membership.uuid, token])
    body = (
        f"Bonjour,\n\n{capfirst(cpts.with_article)} souhaite écrire à {membership} à cette adresse. Si c’est bien "
        f"la vôtre, confirmez-la dans les sept jours :\n{link}\n\nSinon, ignorez ce message : rien ne changera.\n"
    )
    _write(membership, membership.pending_email, f"Votre adresse pour {cpts.with_article}", body, at)
    warning = (
        f"Bonjour,\n\n{capfirst(cpts.with_article)} a demandé à remplacer votre adresse par une autre, qui doit "
        "d’abord être confirmée. Vos messages continuent d’arriver ici d’ici là.\n\n" + _not_me(membership, at)
    )
    _write(membership, membership.email, f"Votre adresse à {cpts.with_article} va changer", warning, at)


def left(membership: Membership, at: datetime) -> None:
    """To the member: a departure that they did not ask for is not one they find out by chance."""
    cpts = membership.cpts
    body = (
        f"Bonjour,\n\nVotre départ de {cpts.with_article} est enregistré : vos rôles et vos mandats y prennent fin, "
        "vos créneaux ne lui sont plus ouverts. Si c’est une erreur, répondez à la coordination : votre adhésion se "
        f"reprend avec tout son passé.\n\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Votre départ de {cpts.with_article}", body, at)


def taken_back(membership: Membership, at: datetime) -> None:
    """To the member: their membership is in force again, and their agenda waits for their own yes."""
    cpts = membership.cpts
    body = (
        f"Bonjour,\n\nVotre adhésion à {cpts.with_article} est reprise, avec tout son passé. Si vous y aviez un "
        "agenda, il reste fermé à cette CPTS jusqu’à ce que vous le rouvriez vous-même, dans « Mes créneaux ».\n\n"
        f"{_not_me(membership, at)}\n{_signature(cpts)}"
    )
    _write(membership, membership.email, f"Votre adhésion à {cpts.with_article} est reprise", body, at)
