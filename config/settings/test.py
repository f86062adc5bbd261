"""Tests: strict where production is strict, fast where only speed is at stake."""

from .base import *

DEBUG = False
SECRET_KEY = "only-for-tests"
PATIENT_DATA_KEY = PUBLISHED_PATIENT_DATA_KEY
ACCEPTS_PUBLISHED_KEY = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys of http://localhost
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
MAIL_DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
READ_PATIENCE_SECONDS = 60.0  # a loaded machine is slow, not wrong
VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASES["default"]["CONN_MAX_AGE"] = 0  # the threads of a test end with it
# SQLite is tested as a file, as it runs: in memory its threads would share one connection.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = str(VAR_DIR / "test.sqlite3")
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "«variable inconnue : %s»"
LOGGING["root"]["level"] = "ERROR"
