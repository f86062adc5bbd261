"""Letters about accounts: invitations, codes, proofs, and what somebody must know was done to their account."""

from datetime import UTC, date, datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from maillage.accounts.models import (
    AccountRecovery,
    AddressChange,
    DisputeOutcome,
    Invitation,
    LinkedIdentity,
    NumberProof,
    ProofMeans,
    Role,
    User,
)
from maillage.core import links
from maillage.core.letters import Letter, Link, Samples, moment
from maillage.cpts.models import Cpts

CODE_SUBJECT = "Votre code Maillage"


def not_me_url(token: str) -> str:
    return links.absolute("accounts:not_me", token)


def not_me(url: str, consequence: str, *, who: str = "Si ce n’est pas vous") -> tuple[str, Link]:
    """What happens when they say so, and where: nothing is done before the button of that page."""
    return f"{who}, dites-le par le lien qui suit, bon sept jours : {consequence}", Link("Ce n’est pas moi", url)


def invitation(invitation: Invitation, token: str) -> Letter:
    """The link that accepts."""
    until = date_format(timezone.localtime(invitation.expires_at), "l j F Y")
    return Letter(
        f"Invitation à rejoindre {invitation.cpts.with_article}",
        (
            f"{invitation.invited_by} vous invite à rejoindre l’espace de travail de {invitation.cpts.with_article} "
            f"sur Maillage, avec le rôle « {invitation.get_role_display()} ».",
        ),
        action=Link(f"Accepter avant le {until}", links.absolute("accounts:accept_invitation", token)),
        after=("Si vous n’attendiez pas ce message, ignorez-le : rien ne sera créé.",),
    )


def number_contested(proof: NumberProof, at: datetime) -> Letter:
    """To the account whose proof is suspended: what stops, and who decides."""
    return Letter(
        "Votre numéro national est contesté",
        (
            "Quelqu’un a dit « Ce n’est pas moi » à propos du numéro national que votre compte Maillage a prouvé "
            f"({proof.get_means_display()}). Ce qu’il ouvrait (agenda, présence au SAS) est suspendu depuis le "
            f"{moment(at)}.",
            "L’administration de l’instance va trancher. Si ce numéro est bien le vôtre, vous n’avez rien à faire : "
            "vos créneaux et vos rendez-vous sont gardés.",
        ),
    )


TO_THE_HOLDER = {
    DisputeOutcome.KEPT: "vous est maintenu : ce qu’il ouvrait est rouvert.",
    DisputeOutcome.GIVEN: "est donné au compte qui le réclamait : le vôtre n’ouvre plus rien sous ce numéro.",
    DisputeOutcome.WITHDRAWN: "est retiré de votre compte, qui n’ouvre plus rien sous ce numéro.",
}


def number_settled(outcome: str, *, is_holder: bool) -> Letter:
    """What the administrator decided of the number that one account held and another claimed, to one of both."""
    if is_holder:
        decided = TO_THE_HOLDER[DisputeOutcome(outcome)]
    else:
        decided = "vous est donné." if outcome == DisputeOutcome.GIVEN else "ne vous est pas donné."
    return Letter(
        "Votre numéro national : décision",
        (
            "L’administration de l’instance a tranché : le numéro national dont la preuve était discutée " + decided,
            "Si vous n’êtes pas d’accord, répondez à la coordination de votre CPTS.",
        ),
        action=Link("Voir mes connexions", links.absolute("accounts:connections")),
    )


def identity_linked(linked: LinkedIdentity) -> Letter:
    """To the account: another way opens it from now on."""
    return Letter(
        "Pro Santé Connect relié à votre compte",
        (
            f"L’identité Pro Santé Connect de {linked} est reliée à votre compte Maillage depuis le "
            f"{moment(linked.linked_at)} : elle l’ouvre désormais.",
            "Si ce n’est pas vous, déliez-la sur la page « Mes connexions », changez votre mot de passe, puis prévenez "
            "la coordination de votre CPTS.",
        ),
        action=Link("Mes connexions", links.absolute("accounts:connections")),
    )


def new_account_code(code: str) -> Letter:
    """The code that proves the address of an account being opened by Pro Santé Connect."""
    return Letter(
        CODE_SUBJECT,
        (
            f"Votre code pour ouvrir un compte Maillage avec Pro Santé Connect : {code}",
            "Il est bon un quart d’heure, sur l’appareil où vous l’avez demandé. Ne le donnez à personne.",
        ),
        after=("Si vous n’avez rien demandé, ignorez ce message : rien ne sera créé.",),
    )


def new_account_exists() -> Letter:
    """Whoever asks for an account at an address that has one reads this in its mailbox, and nothing on the screen."""
    return Letter(
        "Un compte existe déjà à cette adresse",
        (
            "Quelqu’un a demandé, avec Pro Santé Connect, un compte Maillage à cette adresse, qui en a déjà un.",
            "Si c’est vous, connectez-vous avec votre mot de passe, puis reliez Pro Santé Connect sur la page « Mes "
            "connexions ».",
        ),
        action=Link("Mes connexions", links.absolute("accounts:connections")),
        after=("Sinon, ignorez ce message : rien n’a changé.",),
    )


def new_device(*, device: str, network: str, at: datetime, token: str) -> Letter:
    """An account was opened from a device it did not know."""
    return Letter(
        "Nouvelle connexion à votre compte",
        (
            f"Votre compte Maillage vient d’être ouvert depuis un nouvel appareil : {device}, {network}, le "
            f"{moment(at)}.",
            "Si c’est vous, vous n’avez rien à faire.",
            *not_me(not_me_url(token), "tout sera fermé et votre mot de passe n’ouvrira plus rien."),
        ),
    )


def address_code(code: str) -> Letter:
    """The code that proves the new address of an account."""
    return Letter(
        CODE_SUBJECT,
        (f"Votre code pour confirmer cette adresse sur Maillage : {code}", "Il est bon un quart d’heure."),
        after=("Si vous n’avez rien demandé, ignorez ce message.",),
    )


def address_changing(change: AddressChange, token: str) -> Letter:
    """To the old address as soon as a change is asked for: nothing has changed yet."""
    return Letter(
        "Changement d’adresse demandé",
        (
            f"Un changement d’adresse a été demandé pour votre compte Maillage le {moment(change.asked_at)}. Rien n’a "
            "encore changé.",
            *not_me(not_me_url(token), "la demande sera annulée et tout sera fermé."),
        ),
    )


def address_changed(token: str) -> Letter:
    """To the old address, which can undo it for seven days."""
    return Letter(
        "L’adresse de votre compte a changé",
        (
            "L’adresse de votre compte Maillage vient de changer : celle-ci ne l’ouvre plus.",
            *not_me(not_me_url(token), "votre adresse sera rétablie et tout sera fermé."),
        ),
    )


def recovery_checked(recovery: AccountRecovery, token: str) -> Letter:
    """Somebody said they checked the person's identity, and gave them a code."""
    return Letter(
        "Un code de récupération vous a été donné",
        (
            f"{recovery.checked_by_name} a indiqué, le {moment(recovery.created_at)}, avoir vérifié votre identité en "
            f"personne ({recovery.document}), et vous a donné un code parce que votre téléphone ou votre clé est "
            "perdu.",
            *not_me(not_me_url(token), "tout sera fermé.", who="Si vous n’étiez pas là"),
        ),
    )


def recovery_used(token: str) -> Letter:
    """The code served: what was lost opens nothing more."""
    return Letter(
        "Votre compte a été repris",
        (
            "Votre compte Maillage a été repris avec le code donné en personne : vos anciennes clés d’accès, "
            "applications et codes de secours n’ouvrent plus rien.",
            *not_me(not_me_url(token), "tout sera fermé."),
        ),
    )


def account_unused(on: date) -> Letter:
    """A month before an account that nobody uses is erased."""
    return Letter(
        "Votre compte Maillage va être effacé",
        (
            "Vous ne vous êtes pas connecté à Maillage depuis près d’un an. Votre compte sera effacé, et ses rôles "
            f"retirés, après le {date_format(on, 'j F Y')}. Pour le garder, connectez-vous une fois.",
        ),
        action=Link("Me connecter", links.absolute(settings.LOGIN_URL)),
        after=("Si vous n’en avez plus besoin, vous n’avez rien à faire. Votre adhésion à une CPTS n’en dépend pas.",),
    )


def invented_cpts() -> Cpts:
    """A CPTS of no territory, for the gallery."""
    return Cpts(name="CPTS des Deux Rivières", slug="cpts-des-deux-rivieres")


def invented_account() -> User:
    return User(given_name="Camille", family_name="Essai", email="camille.essai@exemple.invalid")


INVENTED_MOMENT = datetime(2026, 11, 30, 13, 5, tzinfo=UTC)


def samples() -> Samples:
    """One of each, to invented people."""
    at, token = INVENTED_MOMENT, "exemple"
    person = invented_account()
    proof = NumberProof(user=person, means=ProofMeans.PSC)
    recovery = AccountRecovery(user=person, checked_by_name="Dominique Essai", document="passeport", created_at=at)
    guest = Invitation(cpts=invented_cpts(), invited_by=person, role=Role.COORDINATOR, expires_at=at)
    return {
        "invitation": invitation(guest, token),
        "number_contested": number_contested(proof, at),
        "number_settled": number_settled(DisputeOutcome.KEPT, is_holder=True),
        "identity_linked": identity_linked(
            LinkedIdentity(user=person, given_name="Camille", family_name="Essai", linked_at=at)
        ),
        "new_account_code": new_account_code("123 456"),
        "new_account_exists": new_account_exists(),
        "new_device": new_device(device="Firefox sous Windows", network="203.0.113.0/24", at=at, token=token),
        "address_code": address_code("123 456"),
        "address_changing": address_changing(AddressChange(user=person, asked_at=at), token),
        "address_changed": address_changed(token),
        "recovery_checked": recovery_checked(recovery, token),
        "recovery_used": recovery_used(token),
        "account_unused": account_unused(date(2026, 12, 31)),
    }
