from django.apps import AppConfig


class TerritorialDiagnosisConfig(AppConfig):
    name = "maillage.territorial_diagnosis"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.territorial_diagnosis import jobs  # noqa: F401, PLC0415  # registers its kinds of work
