"""What must hold whatever happened, looked at again by plain SQL on both engines."""

from django.db import connection

CHECKS = {
    "slots given twice": """SELECT slot_id FROM unscheduled_care_appointment WHERE status <> 'cancelled'
        GROUP BY slot_id HAVING count(*) > 1""",
    "professionals with two patients at once": """SELECT a.id FROM unscheduled_care_appointment AS a
        JOIN unscheduled_care_appointment AS b ON a.effector_id = b.effector_id AND a.id < b.id
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
        WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'""",
    "slots reserved for nobody": """SELECT id FROM unscheduled_care_slot AS slot WHERE status = 'busy' AND NOT EXISTS (
        SELECT 1 FROM unscheduled_care_appointment WHERE slot_id = slot.id AND status <> 'cancelled')""",
    "slots free though given": """SELECT slot.id FROM unscheduled_care_slot AS slot
        JOIN unscheduled_care_appointment AS one ON one.slot_id = slot.id AND one.status <> 'cancelled'
        WHERE slot.status <> 'busy'""",
    "appointments elsewhere than their slot": """SELECT one.id FROM unscheduled_care_appointment AS one
        JOIN unscheduled_care_slot AS slot ON slot.id = one.slot_id WHERE one.status <> 'cancelled'
        AND (one.starts_at <> slot.starts_at OR one.effector_id <> slot.effector_id)""",
    "changes without a trace": """SELECT one.id FROM unscheduled_care_appointment AS one WHERE one.version + 1 <> (
        SELECT count(*) FROM audit_auditevent WHERE target_id = CAST(one.id AS varchar(50))
        AND target_type = 'unscheduled_care.appointment' AND type <> 'appointment.seen')""",
    "changes that the SAS would not hear": """SELECT one.id FROM unscheduled_care_appointment AS one
        WHERE one.booked_by_id IN (SELECT account_id FROM sas_regulator) AND one.version + 1 <> (
        SELECT count(*) FROM sas_sasmessage WHERE appointment_id = one.id)""",
    "changes without the job that tells them": """SELECT 1 WHERE
        (SELECT count(*) FROM core_job WHERE kind = 'unscheduled_care.follow')
        < (SELECT coalesce(sum(version + 1), 0) FROM unscheduled_care_appointment)""",
}


def wrongs() -> list[str]:
    """What does not hold, with how many rows; empty when all does."""
    found = []
    with connection.cursor() as cursor:
        for name, sql in CHECKS.items():
            cursor.execute(sql)
            if rows := cursor.fetchall():
                found.append(f"{name}: {len(rows)}")
    return found
