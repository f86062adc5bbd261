import os
from collections.abc import Mapping

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# A machine that has one of these serves people: mail leaves, a name is public, production is said.
SERVES_PEOPLE = ("EMAIL_URL", "ALLOWED_HOSTS", "STATIC_ROOT", "SAS_BASE_URL", "IDENTITY_CLIENT_SECRET")


def refuse_open_doors(environment: Mapping[str, str]) -> None:
    """The cards of the demonstration open every account without a password: never where people are served.

    Raises ImproperlyConfigured, whatever starts: web, worker or command.
    """
    if not settings.DEMO:
        return
    if not settings.DEBUG:
        raise ImproperlyConfigured("DEMO is on in production: its cards open every account. Remove DEMO.")
    if present := [name for name in SERVES_PEOPLE if environment.get(name)]:
        raise ImproperlyConfigured(
            f"The demonstration does not start with {', '.join(present)}: its cards open every account. "
            "Use config.settings.prod, or remove these variables."
        )


class AccountsConfig(AppConfig):
    name = "maillage.accounts"
    verbose_name = "Comptes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.accounts.signing_in import signals  # noqa: F401, PLC0415  # receivers connect as it is read

        refuse_open_doors(os.environ)
