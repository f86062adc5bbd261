from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "maillage.portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.portal.actions import backups, retention  # noqa: F401, PLC0415  # registers
