from django.apps import AppConfig


class GeographyConfig(AppConfig):
    name = "maillage.geography"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.geography import jobs  # noqa: F401, PLC0415  # registers the kinds of jobs
