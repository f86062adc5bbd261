"""What of an agenda leaves when nothing more is asked: to a subscribed calendar, or to another software. Pure."""

from datetime import timedelta

BACK, AHEAD = timedelta(days=7), timedelta(days=60)
