"""The first account of an instance: everybody else is invited from the screens, or signs up."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.core.context import request_context
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test import RequestFactory
from django.utils import timezone

from maillage.accounts.actions import create_administrator
from maillage.core.errors import DomainError


class Command(BaseCommand):
    help = "Create the administrator of the instance, and send them a link to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("given_name")
        parser.add_argument("family_name")

    def handle(self, *, email: str, given_name: str, family_name: str, **options: Any) -> None:
        try:
            create_administrator(email=email, given_name=given_name, family_name=family_name, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.user_message) from error
        self.send_link(email)
        self.stdout.write(f"Compte créé ; un lien pour choisir le mot de passe part à {email}.")

    def send_link(self, email: str) -> None:
        """allauth builds the link from a request: give it one at the public address."""
        scheme, _, host = settings.PUBLIC_URL.partition("://")
        request = RequestFactory(headers={"host": host}).get("/", secure=scheme == "https")
        form = ResetPasswordForm({"email": email})
        with request_context(request):
            if form.is_valid():
                form.save(request)
