"""A frozen content never changes, on either engine: only its erasing is let through, which leaves all the rest."""

from django.db import migrations

KEPT = ("id", "uuid", "cpts_id", "shape", "number", "sha256", "taken_at", "taken_by_id", "taken_by_name")
CHANGED = "NEW.content IS NOT NULL OR OLD.content IS NULL OR " + " OR ".join(
    f"NEW.{name} {{differs}} OLD.{name}" for name in KEPT
)
WHY = "a snapshot never changes"
POSTGRESQL = f"""
CREATE FUNCTION snapshot_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{WHY}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER snapshot_never_changes BEFORE UPDATE ON records_snapshot
FOR EACH ROW WHEN ({CHANGED.format(differs="IS DISTINCT FROM")}) EXECUTE FUNCTION snapshot_refuse();
CREATE TRIGGER snapshot_never_goes BEFORE DELETE ON records_snapshot
FOR EACH ROW WHEN (OLD.content IS NOT NULL) EXECUTE FUNCTION snapshot_refuse();
"""
POSTGRESQL_BACK = """
DROP TRIGGER snapshot_never_changes ON records_snapshot;
DROP TRIGGER snapshot_never_goes ON records_snapshot;
DROP FUNCTION snapshot_refuse();
"""
SQLITE = [
    f"""CREATE TRIGGER snapshot_never_changes BEFORE UPDATE ON records_snapshot
    WHEN {CHANGED.format(differs="IS NOT")} BEGIN SELECT RAISE(ABORT, '{WHY}'); END""",
    f"""CREATE TRIGGER snapshot_never_goes BEFORE DELETE ON records_snapshot
    WHEN OLD.content IS NOT NULL BEGIN SELECT RAISE(ABORT, '{WHY}'); END""",
]
SQLITE_BACK = ["DROP TRIGGER snapshot_never_changes", "DROP TRIGGER snapshot_never_goes"]


def forwards(apps, schema_editor):
    for statement in [POSTGRESQL] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in [POSTGRESQL_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
