from django.apps import AppConfig


class AciConfig(AppConfig):
    name = "maillage.aci"
    default_auto_field = "django.db.models.BigAutoField"
