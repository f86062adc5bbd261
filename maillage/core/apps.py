from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "maillage.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register  # noqa: PLC0415

        from maillage.core import wiping  # noqa: F401, PLC0415  # registers a kind of jobs
        from maillage.core.checks import sqlite_is_recent  # noqa: PLC0415

        register(sqlite_is_recent)
