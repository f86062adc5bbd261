"""The audit is append-only: each engine refuses an UPDATE in its own way. (Erasing on time stays possible.)"""

from django.db import migrations

POSTGRESQL = """
CREATE FUNCTION audit_event_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit rows never change' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER audit_event_never_changes BEFORE UPDATE ON audit_auditevent
FOR EACH ROW EXECUTE FUNCTION audit_event_refuse_update();
"""
POSTGRESQL_BACK = """
DROP TRIGGER audit_event_never_changes ON audit_auditevent;
DROP FUNCTION audit_event_refuse_update();
"""
SQLITE = """
CREATE TRIGGER audit_event_never_changes BEFORE UPDATE ON audit_auditevent
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;
"""


def forwards(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_BACK)
    else:
        schema_editor.execute("DROP TRIGGER audit_event_never_changes")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
