"""Roles that no CPTS gives: the administrator of the instance, institutions, the SAS regulation."""

from argparse import ArgumentParser
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.core.context import request_context
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test import RequestFactory
from django.utils import timezone

from maillage.accounts.actions import give_territory_role
from maillage.accounts.models import TERRITORY_ROLES, Role
from maillage.core.errors import DomainError
from maillage.geography.models import Departement, Region


class Command(BaseCommand):
    help = "Give a role on a département, a région or the instance; a new account gets a link to choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", choices=[role.value for role in (Role.INSTANCE_ADMIN, *TERRITORY_ROLES)])
        parser.add_argument("email")
        parser.add_argument("given_name")
        parser.add_argument("family_name")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--departement", help="INSEE code")
        scope.add_argument("--region", help="INSEE code")

    def handle(self, *, email: str, departement: str | None, region: str | None, **options: Any) -> None:
        try:
            user = give_territory_role(
                email=email,
                given_name=options["given_name"],
                family_name=options["family_name"],
                role=Role(options["role"]),
                departement=Departement.objects.get(pk=departement) if departement else None,
                region=Region.objects.get(pk=region) if region else None,
                at=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(error.user_message) from error
        except (Departement.DoesNotExist, Region.DoesNotExist) as error:
            raise CommandError("Ce code n’est celui d’aucun département ni d’aucune région.") from error
        if not user.has_usable_password():
            self.send_link(email)
        self.stdout.write(f"Rôle donné à {user} ({user.email}).")

    def send_link(self, email: str) -> None:
        """allauth builds the link from a request: give it one at the public address."""
        scheme, _, host = settings.PUBLIC_URL.partition("://")
        request = RequestFactory(headers={"host": host}).get("/", secure=scheme == "https")
        form = ResetPasswordForm({"email": email})
        with request_context(request):
            if form.is_valid():
                form.save(request)
