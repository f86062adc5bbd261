from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "maillage.directory"
    default_auto_field = "django.db.models.BigAutoField"
