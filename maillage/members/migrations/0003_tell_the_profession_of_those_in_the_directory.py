"""Memberships tied to an exercise of the directory take its census group."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill_group(apps, schema_editor):
    membership, role = apps.get_model("members", "Membership"), apps.get_model("directory", "PractitionerRole")
    group = role.objects.filter(pk=OuterRef("practitioner_role")).values("group")[:1]
    membership.objects.filter(group="", practitioner_role__isnull=False).update(group=Subquery(group))


class Migration(migrations.Migration):
    dependencies = [("members", "0002_people_structures_colleges_and_fees")]

    operations = [migrations.RunPython(fill_group, migrations.RunPython.noop)]
