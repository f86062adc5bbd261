"""Mails of accounts."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from maillage.accounts.models import Invitation, NumberProof


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
