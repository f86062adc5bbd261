"""What each page makes PostgreSQL visit, on a directory much larger than its territory.

Data: those of tests/test_urls.py, on Dordogne and a perimeter of 38 communes; beside them, written in bulk, 60 000
professionals of whom one in fourteen exercises in the perimeter, one in fifty arrived and one in fifty left, 20 000
structures, 5 000 members, 20 000 mails, 20 000 traces, 5 000 jobs, 8 000 slots of one agenda; statistics gathered.
"""

import pytest
from django.apps import apps
from django.db import connection

from benchmarks.plans import watched
from maillage.accounts.models import Role
from tests.factories import UserFactory
from tests.test_urls import GETS, arguments, reader_of, url_of  # noqa: F401  # a fixture

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="its plans say what they visit"),
]
MOST_ROWS = 1_000_000
PLACES = """CREATE TEMP TABLE place ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY md5(code)) AS n, code
    FROM geography_commune WHERE departement_id = '24'"""
STRUCTURES = """INSERT INTO directory_organization (id, name, search_name, finess, siret, complement, street,
    postal_code, city, commune_id, phone, phone_2, email, sector, category, category_label)
    SELECT 'F99' || s.n, 'Cabinet', 'cabinet', '', '', '', '', '', '', place.code, '', '', '', '', '', ''
    FROM generate_series(1, 20000) AS s (n) JOIN place ON place.n = 1 + s.n % (SELECT count(*) FROM place)"""
PEOPLE = """INSERT INTO directory_practitioner (id, title, given_name, family_name, search_name, fingerprint)
    SELECT 899900000000 + n, '', 'Ada', 'Essai' || n, 'essai' || n || ' ada', n FROM generate_series(1, 60000) AS n"""
EXERCISES = """INSERT INTO directory_practitionerrole (id, practitioner_id, profession, "group", category, mode,
    specialities, organization_id, commune_id, is_substitute, since, until)
    SELECT s.n, 899900000000 + s.n, '60', (ARRAY['10G', '60', '70', '50', '21'])[1 + s.n % 5], 'C', 'L', '',
    'F99' || (1 + s.n % 20000), place.code, false,
    CASE WHEN s.n % 50 = 0 THEN current_date - 30 END, CASE WHEN s.n % 50 = 1 THEN current_date - 20 END
    FROM generate_series(1, 60000) AS s (n) JOIN place ON place.n = 1 + s.n % (SELECT count(*) FROM place)"""
# One row that exists, again and again but for what must differ: new columns ask nothing here.
AGAIN = """INSERT INTO {table} SELECT (jsonb_populate_record(first, jsonb_build_object('id', 1000000 + n, {but}))).*
    FROM (SELECT t FROM {table} AS t ORDER BY id LIMIT 1) AS f (first), generate_series(1, {times}) AS n"""
UUID = "'uuid', gen_random_uuid()"
LATER = "'{0}', (first).{0} + (200 + n) * interval '1 hour'"
HOURS = f"{LATER.format('starts_at')}, {LATER.format('ends_at')}"
MORE = (
    ("members_membership", f"{UUID}, 'email', 'm' || n || '@exemple.invalid', 'practitioner_id', NULL", 5000),
    ("exchange_outgoingmail", UUID, 20_000),
    ("audit_auditevent", LATER.format("at"), 20_000),
    ("core_job", UUID, 5000),
    ("unscheduled_care_slot", f"{UUID}, {HOURS}, 'status', 'free'", 8000),
)


@pytest.fixture
def crowded(cpts, arguments):  # noqa: F811
    with connection.cursor() as cursor:
        for statement in (PLACES, STRUCTURES, PEOPLE, EXERCISES):
            cursor.execute(statement)
        for table, but, times in MORE:
            cursor.execute(AGAIN.format(table=table, but=but, times=times))
        cursor.execute("ANALYZE")
    return arguments


def test_no_page_visits_a_million_rows(crowded, cpts, coordinator, client):
    """Every page that answers to a GET, as somebody who may open it."""
    administrator = UserFactory(role=Role.INSTANCE_ADMIN)
    heaviest = {}
    for name in GETS:
        reader = reader_of(name, cpts, coordinator)
        client.logout()
        if reader:
            client.force_login(administrator if reader.pk != coordinator.pk else coordinator)
        with watched(explain=True) as statements:
            client.get(url_of(name, crowded))
        heaviest[name] = max((each.rows or 0 for each in statements), default=0)
    assert len(heaviest) > 100
    assert {name: rows for name, rows in heaviest.items() if rows > MOST_ROWS} == {}
    # It compared every exercise with every other: 49 million pairs on the demonstration.
    assert heaviest["territory:movements"] < 250_000


def collation_of(table: str, column: str) -> str:
    query = """SELECT collname FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation
        WHERE attrelid = %s::regclass AND attname = %s"""
    with connection.cursor() as cursor:
        cursor.execute(query, [table, column])
        return (cursor.fetchone() or [""])[0]


def test_a_key_and_what_points_to_it_compare_alike():
    """Between two collations no index serves: portal/migrations/0001 aligns them, for new columns do likewise."""
    fields = [field for model in apps.get_models() for field in model._meta.local_concrete_fields]
    wrong = [
        str(field)
        for field in fields
        if field.is_relation
        and collation_of(field.model._meta.db_table, field.column)
        != collation_of(field.related_model._meta.db_table, field.target_field.column)
    ]
    assert wrong == []
