"""The length of a slot in SQL that `sqlite3` knows: `VACUUM INTO`, a copy, a dump fail on a function of Django's.

SQLite makes the table anew for a constraint, and forgets what 0002 wrote on it: it is written again.
"""

from importlib import import_module

from django.db import migrations, models
from django.db.models import F
from django.db.models.lookups import LessThanOrEqual

from maillage.core.elapsed import ElapsedMilliseconds

DAY_MS = 86_400_000


def write_again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        impossible = import_module("maillage.unscheduled_care.migrations.0002_what_must_be_impossible")
        for statement in impossible.SQLITE:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("unscheduled_care", "0002_what_must_be_impossible")]
    operations = [
        migrations.RunPython(migrations.RunPython.noop, write_again),
        migrations.RemoveConstraint("slot", "slot_lasts_a_day_at_most"),
        migrations.AddConstraint(
            "slot",
            models.CheckConstraint(
                name="slot_lasts_a_day_at_most",
                condition=LessThanOrEqual(ElapsedMilliseconds(F("starts_at"), F("ends_at")), DAY_MS),
            ),
        ),
        migrations.RunPython(write_again, migrations.RunPython.noop),
    ]
