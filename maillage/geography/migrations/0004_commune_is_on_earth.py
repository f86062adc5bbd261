from django.db import migrations, models


def forget_places_that_are_no_place(apps, schema_editor):
    """Two communes had their town hall at NaN, which PostgreSQL keeps and holds to be above all numbers."""
    apps.get_model("geography", "Commune").objects.filter(latitude__gt=90).update(latitude=None, longitude=None)


class Migration(migrations.Migration):
    dependencies = [
        ("geography", "0003_communes_around_a_place"),
    ]

    operations = [
        migrations.RunPython(forget_places_that_are_no_place, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="commune",
            constraint=models.CheckConstraint(
                condition=models.Q(("latitude", None), ("longitude", None))
                | models.Q(
                    ("latitude__isnull", False),
                    ("latitude__range", (-90, 90)),
                    ("longitude__isnull", False),
                    ("longitude__range", (-180, 180)),
                ),
                name="commune_is_on_earth",
            ),
        ),
    ]
