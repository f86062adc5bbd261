"""The result of a closed ballot is a snapshot: those there were are frozen as they stand."""

import hashlib

import django.db.models.deletion
import orjson
from django.db import migrations, models


def freeze(apps, schema_editor):
    snapshots = apps.get_model("records", "Snapshot").objects
    for ballot in apps.get_model("meetings", "Ballot").objects.filter(state="closed"):
        is_resolution = "Pour" in ballot.choices
        record = {
            "question": ballot.question,
            "mode": ballot.mode,
            "majority": ballot.majority,
            "choices": ballot.choices,
            "is_weighted": ballot.is_weighted,
            "voices": ballot.voices or 0,
            "scores": ballot.result,
            "is_adopted": None if not is_resolution else _is_adopted(ballot),
            "journal": ballot.digest,
            "opened_at": ballot.opened_at.isoformat(),
            "closed_at": ballot.closed_at.isoformat(),
        }
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()
        ballot.snapshot = snapshots.create(
            cpts_id=ballot.cpts_id,
            shape="meetings.ballot",
            number=1,
            content=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            taken_at=ballot.closed_at,
            taken_by_name="Maillage",
        )
        ballot.save(update_fields=["snapshot"])
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _is_adopted(ballot):
    shares = {score["choice"]: score["share"] for score in ballot.result}
    numerator, denominator = shares.get("Pour") or (0, 1)
    needed = {"simple": (1, 2), "two-thirds": (2, 3), "three-quarters": (3, 4)}[ballot.majority]
    left, right = numerator * needed[1], needed[0] * denominator
    return left > right if ballot.majority == "simple" else left >= right


class Migration(migrations.Migration):

    dependencies = [
        ('cpts', '0002_approval'),
        ('meetings', '0006_minutes_are_frozen_by_records'),
        ('records', '0003_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='ballot',
            name='snapshot',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
        ),
        migrations.RunPython(freeze, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='ballot',
            name='digest',
        ),
        migrations.RemoveField(
            model_name='ballot',
            name='result',
        ),
        migrations.AddConstraint(
            model_name='ballot',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('snapshot__isnull', False), ('state', 'closed')), models.Q(models.Q(('state', 'closed'), _negated=True), ('snapshot', None)), _connector='OR'), name='ballot_is_frozen_when_closed'),
        ),
    ]
