"""Places are codes: they join and sort in byte order, whatever the language of the database (SQLite's default)."""

from django.db import migrations


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table, length in (("indicatorvalue", 12), ("sharedperson", 5)):
            schema_editor.execute(
                f'ALTER TABLE territorial_diagnosis_{table} ALTER COLUMN place TYPE varchar({length}) COLLATE "C"'
            )


class Migration(migrations.Migration):
    dependencies = [("territorial_diagnosis", "0001_initial")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
