from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "maillage.members"
    verbose_name = "Membres"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from maillage.members import jobs  # noqa: F401, PLC0415  # registers the kinds of jobs
        from maillage.members.actions import binding  # noqa: F401, PLC0415  # follows the hooks of accounts
