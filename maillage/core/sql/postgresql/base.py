"""The engine named by DATABASES: Django loads this module by its name."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection kept between requests, and looked at before each."""

    def is_usable(self) -> bool:
        """Whether the server still holds its end. Where it let it go, there is an end to read; else nothing to read.

        Django sends `SELECT 1`: a statement more for each request, when a search is five.
        """
        if self.connection is None or self.connection.closed:
            return False
        readable, _, _ = select.select([self.connection.fileno()], [], [], 0)
        return not readable or bool(super().is_usable())
