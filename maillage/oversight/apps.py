from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "maillage.oversight"
    default_auto_field = "django.db.models.BigAutoField"
