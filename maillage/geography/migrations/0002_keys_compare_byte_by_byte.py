"""Search by prefix is a range of keys: it needs byte order, whatever the language of the database.

SQLite compares bytes by default; PostgreSQL follows the collation the database was created with.
"""

from django.db import migrations

FORWARDS = 'ALTER TABLE geography_placename ALTER COLUMN key TYPE varchar(80) COLLATE "C"'
BACKWARDS = "ALTER TABLE geography_placename ALTER COLUMN key TYPE varchar(80)"


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORWARDS)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BACKWARDS)


class Migration(migrations.Migration):
    dependencies = [("geography", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
