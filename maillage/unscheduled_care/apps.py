from django.apps import AppConfig


class UnscheduledCareConfig(AppConfig):
    name = "maillage.unscheduled_care"
    default_auto_field = "django.db.models.BigAutoField"
