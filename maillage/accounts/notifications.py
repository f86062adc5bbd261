"""Mails of accounts."""

from datetime import date, datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from maillage.accounts.models import AccountRecovery, AddressChange, Invitation, LinkedIdentity, NumberProof, User


def invitation_sent(invitation: Invitation, token: str) -> None:
    """The link that accepts; written in the caller's transaction (the mail journal is the outbox)."""
    link = settings.PUBLIC_URL + reverse("accounts:accept_invitation", args=[token])
    until = date_format(timezone.localtime(invitation.expires_at), "l j F Y")
    body = (
        f"Bonjour,\n\n{invitation.invited_by} vous invite à rejoindre l’espace de travail de "
        f"{invitation.cpts.with_article} sur Maillage, avec le rôle « {invitation.get_role_display()} ».\n\n"
        f"Pour accepter, ouvrez ce lien avant le {until} :\n{link}\n\n"
        "Si vous n’attendiez pas ce message, ignorez-le : rien ne sera créé.\n"
    )
    subject = f"Invitation à rejoindre {invitation.cpts.with_article}"
    headers = {"X-Maillage-Cpts": str(invitation.cpts_id)}
    EmailMessage(subject, body, to=[invitation.email], headers=headers).send()


def number_contested(proof: NumberProof, at: datetime) -> None:
    """Told to the account whose proof is suspended: what stops, and who decides."""
    body = (
        "Bonjour,\n\nQuelqu’un a dit « Ce n’est pas moi » à propos du numéro national que votre compte Maillage a "
        f"prouvé ({proof.get_means_display()}). Ce qu’il ouvrait (agenda, présence au SAS) est suspendu depuis le "
        f"{date_format(timezone.localtime(at), 'l j F Y à H:i')}.\n\n"
        "L’administration de l’instance va trancher. Si ce numéro est bien le vôtre, vous n’avez rien à faire : "
        "vos créneaux et vos rendez-vous sont gardés.\n"
    )
    if proof.user.email:
        EmailMessage("Votre numéro national est contesté", body, to=[proof.user.email]).send()


def identity_linked(linked: LinkedIdentity) -> None:
    """Told to the account: another way opens it from now on."""
    body = (
        f"Bonjour,\n\nL’identité Pro Santé Connect de {linked} est reliée à votre compte Maillage depuis le "
        f"{date_format(timezone.localtime(linked.linked_at), 'l j F Y à H:i')} : elle l’ouvre désormais.\n\n"
        "Si ce n’est pas vous, déliez-la sur la page « Mes connexions », changez votre mot de passe, puis prévenez "
        f"la coordination de votre CPTS :\n{settings.PUBLIC_URL}{reverse('accounts:connections')}\n"
    )
    EmailMessage("Pro Santé Connect relié à votre compte", body, to=[linked.user.email]).send()


def new_account_code(email: str, code: str) -> None:
    """The code that proves the address of an account being opened by Pro Santé Connect."""
    body = (
        f"Bonjour,\n\nVotre code pour ouvrir un compte Maillage avec Pro Santé Connect : {code}\n\n"
        "Il est bon un quart d’heure, sur l’appareil où vous l’avez demandé. Ne le donnez à personne.\n"
        "Si vous n’avez rien demandé, ignorez ce message : rien ne sera créé.\n"
    )
    EmailMessage("Votre code Maillage", body, to=[email]).send()


def new_account_exists(email: str) -> None:
    """Whoever asks for an account at an address that has one reads this in its mailbox, and nothing on the screen."""
    body = (
        "Bonjour,\n\nQuelqu’un a demandé, avec Pro Santé Connect, un compte Maillage à cette adresse, qui en a déjà "
        "un.\n\nSi c’est vous, connectez-vous avec votre mot de passe, puis reliez Pro Santé Connect sur la page "
        f"« Mes connexions » :\n{settings.PUBLIC_URL}{reverse('accounts:connections')}\n\n"
        "Sinon, ignorez ce message : rien n’a changé.\n"
    )
    EmailMessage("Un compte existe déjà à cette adresse", body, to=[email]).send()


def not_me_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('accounts:not_me', args=[token])}"


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "l j F Y à H:i")


def new_device(user: User, *, device: str, network: str, at: datetime, token: str) -> None:
    """An account was opened from a device it did not know."""
    body = (
        f"Bonjour,\n\nVotre compte Maillage vient d’être ouvert depuis un nouvel appareil : {device}, {network}, le "
        f"{_moment(at)}.\n\nSi c’est vous, vous n’avez rien à faire.\n\nSi ce n’est pas vous, ouvrez ce lien "
        f"(bon sept jours) : tout sera fermé et votre mot de passe n’ouvrira plus rien.\n{not_me_url(token)}\n"
    )
    EmailMessage("Nouvelle connexion à votre compte", body, to=[user.email]).send()


def address_code(email: str, code: str) -> None:
    """The code that proves the new address of an account."""
    body = (
        f"Bonjour,\n\nVotre code pour confirmer cette adresse sur Maillage : {code}\n\n"
        "Il est bon un quart d’heure. Si vous n’avez rien demandé, ignorez ce message.\n"
    )
    EmailMessage("Votre code Maillage", body, to=[email]).send()


def address_changing(change: AddressChange, token: str) -> None:
    """Told to the old address as soon as a change is asked for: nothing has changed yet."""
    body = (
        f"Bonjour,\n\nUn changement d’adresse a été demandé pour votre compte Maillage le {_moment(change.asked_at)}. "
        "Rien n’a encore changé.\n\nSi ce n’est pas vous, ouvrez ce lien (bon sept jours) : la demande sera annulée "
        f"et tout sera fermé.\n{not_me_url(token)}\n"
    )
    EmailMessage("Changement d’adresse demandé", body, to=[change.old_email]).send()


def address_changed(change: AddressChange, token: str) -> None:
    """Told to the old address, which can undo it for seven days."""
    body = (
        "Bonjour,\n\nL’adresse de votre compte Maillage vient de changer : celle-ci ne l’ouvre plus.\n\n"
        "Si ce n’est pas vous, ouvrez ce lien (bon sept jours) : votre adresse sera rétablie et tout sera fermé.\n"
        f"{not_me_url(token)}\n"
    )
    EmailMessage("L’adresse de votre compte a changé", body, to=[change.old_email]).send()


def recovery_checked(recovery: AccountRecovery, token: str) -> None:
    """Somebody said they checked the person's identity, and gave them a code."""
    body = (
        f"Bonjour,\n\n{recovery.checked_by_name} a indiqué, le {_moment(recovery.created_at)}, avoir vérifié votre "
        f"identité en personne ({recovery.document}), et vous a donné un code parce que votre téléphone ou votre clé "
        "est perdu.\n\nSi vous n’étiez pas là, ouvrez ce lien (bon sept jours) : tout sera fermé.\n"
        f"{not_me_url(token)}\n"
    )
    EmailMessage("Un code de récupération vous a été donné", body, to=[recovery.user.email]).send()


def recovery_used(recovery: AccountRecovery, token: str) -> None:
    """The code served: what was lost opens nothing more."""
    body = (
        "Bonjour,\n\nVotre compte Maillage a été repris avec le code donné en personne : vos anciennes clés d’accès, "
        "applications et codes de secours n’ouvrent plus rien.\n\nSi ce n’est pas vous, ouvrez ce lien (bon sept "
        f"jours) : tout sera fermé.\n{not_me_url(token)}\n"
    )
    EmailMessage("Votre compte a été repris", body, to=[recovery.user.email]).send()


def account_unused(user: User, *, on: date) -> None:
    """A month before an account that nobody uses is erased."""
    link = settings.PUBLIC_URL + reverse(settings.LOGIN_URL)
    body = (
        "Bonjour,\n\nVous ne vous êtes pas connecté à Maillage depuis près d’un an. Votre compte sera effacé, et ses "
        f"rôles retirés, après le {date_format(on, 'j F Y')}.\n\nPour le garder, connectez-vous une fois :\n{link}\n\n"
        "Si vous n’en avez plus besoin, vous n’avez rien à faire. Votre adhésion à une CPTS n’en dépend pas.\n"
    )
    EmailMessage("Votre compte Maillage va être effacé", body, to=[user.email]).send()
