from django.apps import AppConfig


class CptsConfig(AppConfig):
    name = "maillage.cpts"
    default_auto_field = "django.db.models.BigAutoField"
