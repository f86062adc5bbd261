from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "maillage.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register  # noqa: PLC0415
        from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415

        from maillage.core.checks import limits_are_known, patient_keys_fit, sqlite_is_recent  # noqa: PLC0415
        from maillage.core.sql import wiping  # noqa: F401, PLC0415  # register kinds of jobs

        autodiscover_modules("limits")  # each app declares its own
        register(sqlite_is_recent)
        register(limits_are_known)
        register(patient_keys_fit)
