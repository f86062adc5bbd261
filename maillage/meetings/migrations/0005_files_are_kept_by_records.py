"""Documents and texts name a row of `records`. Nobody runs the product yet: those there were are joined again."""

import django.db.models.deletion
from django.db import migrations, models


def forget_files_of_before(apps, schema_editor):
    for name in ("MeetingDocument", "GoverningText"):
        apps.get_model("meetings", name).objects.all().delete()


def attachment():
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.attachment", verbose_name="fichier"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0001_initial"),
        ("meetings", "0004_presence_pouvoir_and_vote_are_proved"),
    ]
    operations = [
        migrations.RunPython(forget_files_of_before, migrations.RunPython.noop),
        migrations.RemoveConstraint("governingtext", "governing_text_has_a_file"),
        migrations.RemoveField("governingtext", "file"),
        migrations.RemoveField("meetingdocument", "file"),
        migrations.AddField("governingtext", "attachment", attachment()),
        migrations.AddField("meetingdocument", "attachment", attachment()),
    ]
