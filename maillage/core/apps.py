from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "maillage.core"
    default_auto_field = "django.db.models.BigAutoField"
