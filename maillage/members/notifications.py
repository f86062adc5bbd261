"""Mails to those who ask, those who decide, those who join. Written in the caller's transaction."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from maillage.accounts.models import Role, RoleAssignment
from maillage.accounts.permissions import ROLE_PERMISSIONS, Permission
from maillage.core.templatetags.maillage import day
from maillage.cpts.models import Cpts
from maillage.exchange.actions import write_mail
from maillage.members.models import Convention, Mandate, Membership
from maillage.members.rules.names import of

DECIDERS: tuple[Role, ...] = tuple(
    role for role, rights in ROLE_PERMISSIONS.items() if Permission.MEMBER_MANAGE in rights
)


def _write(membership: Membership, recipient: str, subject: str, body: str, at: datetime) -> None:
    write_mail(recipient=recipient, subject=subject, body=body, at=at, cpts_id=membership.cpts_id)


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
