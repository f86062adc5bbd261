"""Slips used to be written plain at each vote: their dead rows told who had voted what. The tables are made anew."""

from django.db import migrations, transaction


def rewrite(apps, schema_editor):
    """Only where votes were cast. Live rows keep their content; what was deleted leaves the files."""
    slip, signature = (apps.get_model("meetings", name) for name in ("Slip", "Signature"))
    if not slip.objects.exists():
        return
    if schema_editor.connection.vendor == "postgresql":
        with transaction.atomic():
            for model, order in ((slip, "receipt"), (signature, "pk")):
                rows = list(model.objects.order_by(order))
                # Not VACUUM FULL, which keeps dead rows while anybody reads.
                schema_editor.execute(f"TRUNCATE TABLE {model._meta.db_table}")
                model.objects.bulk_create(rows)
        return
    schema_editor.execute("PRAGMA secure_delete = ON")
    schema_editor.execute("VACUUM")
    schema_editor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Migration(migrations.Migration):
    atomic = False  # SQLite makes no file anew inside a transaction

    dependencies = [("meetings", "0002_slips_are_sealed_until_the_closing")]

    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
