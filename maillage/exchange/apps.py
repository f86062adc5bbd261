from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "maillage.exchange"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.exchange import actions  # noqa: F401, PLC0415  # registers the kinds of jobs
