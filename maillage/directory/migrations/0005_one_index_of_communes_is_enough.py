"""Two indexes less to fill on each loading: `organization_by_commune` begins with the commune, and nobody searches
structures by the beginning of their identifier.
"""

import django.db.models.deletion
from django.db import migrations, models


def drop_search_by_prefix(apps, schema_editor):
    """PostgreSQL alone has such an index."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'directory_organization' AND indexname LIKE '%%\\_like'"
        )
        for (name,) in cursor.fetchall():
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0004_drop_what_the_register_replaces"),
        ("geography", "0004_commune_is_on_earth"),
    ]

    operations = [
        migrations.AlterField(
            model_name="organization",
            name="commune",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geography.commune",
            ),
        ),
        migrations.RunPython(drop_search_by_prefix, migrations.RunPython.noop),
    ]
