"""Demonstration: development settings, sign-in cards on the start page, a database of its own."""

from .dev import *

DEMO = True
MIDDLEWARE = [*MIDDLEWARE, "maillage.portal.web.errors.FrenchNotFound"]
if not env.str("DATABASE_URL", default=""):
    DATABASES["default"]["NAME"] = str(VAR_DIR / "demo.sqlite3")
WHITENOISE_AUTOREFRESH = False
# Static files change when the code does, so the browser asks again each time.
WHITENOISE_MAX_AGE = 0
LOGGING["root"]["level"] = "WARNING"
# Codes for mailboxes are read among the messages, as every other mail of the demonstration.
MSSANTE_FROM_EMAIL = "cpts@mssante.exemple.invalid"
MSSANTE_BACKEND, MSSANTE_OPTIONS = "maillage.exchange.backends.JournalBackend", {}
