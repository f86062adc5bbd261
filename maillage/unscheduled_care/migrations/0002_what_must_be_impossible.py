"""Two overlapping slots of one professional are refused, and a search around a place reads one index only.

PostgreSQL: an exclusion constraint, an index with included columns, and the dead rows of bookings swept early (the
visibility map is what an index-only search lives on). SQLite: triggers, and an index that holds the same columns.
"""

from django.db import migrations

OPEN = "status = 'free' AND NOT is_masked AND reserved_for = '' AND kinds > 0 AND modes > 0"
KEYS = '"group", cell, starts_at, id'
TOLD = "status, is_masked, reserved_for"  # SQLite does not see that the condition says them
READ = "effector_id, schedule_id, ends_at, latitude, longitude, kinds, modes, walk_in"

POSTGRESQL = f"""
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE unscheduled_care_slot ADD CONSTRAINT slot_never_overlaps
EXCLUDE USING gist (effector_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status <> 'cancelled');
CREATE INDEX slot_search ON unscheduled_care_slot ({KEYS}) INCLUDE ({READ}) WHERE {OPEN};
ALTER TABLE unscheduled_care_slot SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);
"""
POSTGRESQL_BACK = """
DROP INDEX slot_search;
ALTER TABLE unscheduled_care_slot DROP CONSTRAINT slot_never_overlaps;
ALTER TABLE unscheduled_care_slot RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay
);
"""
# No slot lasts more than a day (slot_lasts_a_day_at_most): further back nothing can overlap.
OVERLAPS = """
WHEN NEW.status <> 'cancelled' AND EXISTS (
    SELECT 1 FROM unscheduled_care_slot AS other
    WHERE other.effector_id = NEW.effector_id AND other.id IS NOT NEW.id AND other.status <> 'cancelled'
    AND other.starts_at < NEW.ends_at AND other.starts_at > datetime(NEW.starts_at, '-1 day')
    AND other.ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, 'slot_never_overlaps'); END
"""
SQLITE = [
    f"CREATE TRIGGER slot_never_overlaps_on_insert BEFORE INSERT ON unscheduled_care_slot {OVERLAPS}",
    "CREATE TRIGGER slot_never_overlaps_on_update BEFORE UPDATE OF effector_id, starts_at, ends_at, status "
    f"ON unscheduled_care_slot {OVERLAPS}",
    f"CREATE INDEX slot_search ON unscheduled_care_slot ({KEYS}, {READ}, {TOLD}) WHERE {OPEN}",
]
SQLITE_BACK = [
    "DROP TRIGGER slot_never_overlaps_on_insert",
    "DROP TRIGGER slot_never_overlaps_on_update",
    "DROP INDEX slot_search",
]


def forwards(apps, schema_editor):
    for statement in [POSTGRESQL] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in [POSTGRESQL_BACK] if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("unscheduled_care", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
