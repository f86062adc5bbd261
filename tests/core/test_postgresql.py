"""The connection that a thread keeps."""

import time

import pytest
from django.db import connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="a connection over a socket"),
]


def test_a_connection_that_the_server_closed_is_seen_without_a_statement():
    kept = connection.copy()
    try:
        kept.ensure_connection()
        assert kept.is_usable()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [kept.connection.info.backend_pid])
        for _ in range(50):
            if not kept.is_usable():
                break
            time.sleep(0.02)
        assert not kept.is_usable()
    finally:
        kept.close()
    assert not kept.is_usable()
