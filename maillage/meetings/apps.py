from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "maillage.meetings"
    verbose_name = "Réunions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.meetings import jobs  # noqa: F401, PLC0415  # registers the kinds of jobs
