"""Whether the instance can speak with Pro Santé Connect: what to register there, what it answers."""

from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from maillage.accounts.signing_in import identity
from maillage.core.errors import DomainError
from maillage.core.workspaces import declared

SECONDS = 5


class Command(BaseCommand):
    help = "Read the discovery document of the identity provider, and print the addresses to register there."

    def handle(self, **options: Any) -> None:
        base = settings.PUBLIC_URL.rstrip("/")
        self.stdout.write("To register at the provider, exactly:")
        for name in (name for names in declared("IDENTITY_RETURNS") for name in names):
            self.stdout.write(f"  return address     {base}{reverse(name)}")
        self.stdout.write(f"  after signing out  {base}{reverse('accounts:psc_signed_out')}")
        try:
            metadata = identity.metadata_of_provider()
        except DomainError as error:
            raise CommandError(error.user_message) from error
        self.stdout.write(
            f"issuer {metadata['issuer']}, scope « {settings.IDENTITY_SCOPE} », level "
            f"« {settings.IDENTITY_LEVEL or 'any'} », number in « {settings.IDENTITY_CLAIM} »"
        )
        faults = [*faults_of(metadata), *keys_faults(metadata["jwks_uri"])]
        for fault in faults:
            self.stderr.write(f"  fault: {fault}")
        if faults:
            raise CommandError(f"{len(faults)} to settle before people sign in.")
        self.stdout.write(self.style.SUCCESS("The provider answers as expected."))


def faults_of(metadata: dict[str, Any]) -> list[str]:
    """What a discovery document lacks for what we ask; in plain words."""
    names = (*identity.DEMANDED, "end_session_endpoint")
    absent = [name for name in names if not metadata.get(name)]
    plain = [
        name
        for name in names
        if settings.PUBLIC_URL.startswith("https://") and str(metadata.get(name, "")).startswith("http://")
    ]
    methods = metadata.get("code_challenge_methods_supported")
    faults = [f"{name} is absent" for name in absent] + [f"{name} is not https" for name in plain]
    if methods is not None and "S256" not in methods:
        faults.append("PKCE by S256 is not listed")
    return faults


def keys_faults(address: str) -> list[str]:
    """Whether the keys that sign are there."""
    try:
        keys = requests.get(address, timeout=SECONDS).json()["keys"]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return [f"no keys at {address}"]
    return [] if keys else [f"no key at {address}"]
