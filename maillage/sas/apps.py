from django.apps import AppConfig


class SasConfig(AppConfig):
    name = "maillage.sas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.sas import jobs, notifications  # noqa: F401, PLC0415  # registers the kinds of jobs, follows appointments
