from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "maillage.oversight"
    verbose_name = "Approbations et identités"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.oversight import notifications  # noqa: F401, PLC0415  # follows the hooks of accounts
