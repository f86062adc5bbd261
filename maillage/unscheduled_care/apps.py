from django.apps import AppConfig


class UnscheduledCareConfig(AppConfig):
    name = "maillage.unscheduled_care"
    verbose_name = "Soins non programmés"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.unscheduled_care import jobs  # noqa: F401, PLC0415  # registers the kinds of jobs
        from maillage.unscheduled_care.actions import membership  # noqa: F401, PLC0415  # follows departures
