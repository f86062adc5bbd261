"""People and exercises take the keys of the register, and memberships follow them."""

import re
import unicodedata

import xxhash
from django.db import migrations

RPPS_FLOOR = 8 * 10**11
GENERAL_PRACTICE = "SM54"


def search_key(text):
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^0-9a-z]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def renumber(apps, schema_editor):
    has_members = "members_membership" in schema_editor.connection.introspection.table_names()
    Practitioner = apps.get_model("directory", "Practitioner")
    Role = apps.get_model("directory", "PractitionerRole")
    people, roles = [], []
    for one in Practitioner.objects.all():
        key = RPPS_FLOOR + int(one.rpps)
        people.append((one.pk, key, search_key(f"{one.family_name} {one.given_name}")))
    keys = {old: new for old, new, _ in people}
    for one in Role.objects.all():
        person = keys[one.practitioner_id]
        # The commune stands for the structure that these rows did not know.
        key = xxhash.xxh3_64_intdigest(f"{person}|{one.profession}|C||{one.commune_id}".encode()) >> 1
        is_general = one.profession == "10" and "générale" in one.speciality
        group = one.profession if one.profession != "10" else "10G" if is_general else "10S"
        roles.append((one.pk, key, person, group, GENERAL_PRACTICE if is_general else ""))
    with schema_editor.connection.cursor() as cursor:
        for old, new, person, group, specialities in roles:
            if has_members:
                cursor.execute(
                    "UPDATE members_membership SET practitioner_role_id = %s WHERE practitioner_role_id = %s", [new, old]
                )
            cursor.execute(
                'UPDATE directory_practitionerrole SET id = %s, practitioner_id = %s, "group" = %s, specialities = %s '
                "WHERE id = %s",
                [new, person, group, specialities, old],
            )
        for old, new, search_name in people:
            if has_members:
                cursor.execute(
                    "UPDATE members_membership SET practitioner_id = %s WHERE practitioner_id = %s", [new, old]
                )
            cursor.execute(
                "UPDATE directory_practitioner SET id = %s, search_name = %s WHERE id = %s", [new, search_name, old]
            )


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_the_national_register")]
    operations = [migrations.RunPython(renumber, migrations.RunPython.noop)]
