"""A code and the columns that point to it compare byte by byte, all of them, on PostgreSQL.

The directory sorts its codes by bytes, communes followed the language of the database: between the two no index served,
and each join of professionals to communes or structures read a whole table. It is here because it speaks of all apps.
A column made later must be told the same (tests/test_plans.py).
"""

from django.db import migrations

TARGETS = (("geography", "Commune"), ("directory", "Organization"))


def compare_bytes(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    quote, targets = schema_editor.quote_name, [apps.get_model(*target) for target in TARGETS]
    pointing = [field for model in apps.get_models() for field in model._meta.local_concrete_fields]
    for field in [
        *(target._meta.pk for target in targets),
        *(field for field in pointing if field.is_relation and field.related_model in targets),
    ]:
        kind = field.db_type(schema_editor.connection)
        table, column = quote(field.model._meta.db_table), quote(field.column)
        schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind} COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0004_commune_is_on_earth"),
        ("directory", "0006_movements_have_their_indexes"),
        ("territory", "0001_initial"),
        ("members", "0007_colleges_with_a_consultative_voice"),
        ("meetings", "0003_rewrite_the_slips_of_closed_votes"),
        ("territorial_diagnosis", "0003_hours_of_what_exists"),
        ("unscheduled_care", "0002_what_must_be_impossible"),
    ]
    operations = [migrations.RunPython(compare_bytes, migrations.RunPython.noop)]
