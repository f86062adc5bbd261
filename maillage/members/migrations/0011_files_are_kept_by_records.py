"""A signed convention names a row of `records`. Nobody runs the product yet: those there were are joined again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("members", "0010_links_end_with_a_stolen_account"),
    ]
    operations = [
        migrations.RemoveField("convention", "document"),
        migrations.AddField(
            "convention",
            "attachment",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.attachment",
                verbose_name="document signé",
            ),
        ),
    ]
