"""The former identifiers of people and exercises go, once their successors are filled."""

from django.db import migrations, models


def compare_bytes(apps, schema_editor):
    """Search by prefix is a range of keys, and codes sort faster: byte order, whatever the language of the database."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            'ALTER TABLE directory_practitioner ALTER COLUMN search_name TYPE varchar(170) COLLATE "C"'
        )
        schema_editor.execute('ALTER TABLE directory_organization ALTER COLUMN id TYPE varchar(20) COLLATE "C"')
        for column, length in (("commune_id", 5), ('"group"', 4), ("mode", 2)):
            schema_editor.execute(
                f'ALTER TABLE directory_practitionerrole ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"'
            )


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_number_people_nationally")]

    operations = [
        migrations.RemoveField(
            model_name='practitioner',
            name='rpps',
        ),
        migrations.RemoveField(
            model_name='practitioner',
            name='uuid',
        ),
        migrations.RemoveField(
            model_name='practitionerrole',
            name='speciality',
        ),
        migrations.RemoveField(
            model_name='practitionerrole',
            name='uuid',
        ),
        migrations.AddConstraint(
            model_name='practitioner',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('id__gte', 800000000000), ('id__lt', 900000000000)), ('id__gte', 1000000000000000), _connector='OR'), name='practitioner_id_is_a_national_identifier'),
        ),
        migrations.RunPython(compare_bytes, migrations.RunPython.noop),
    ]
