"""Development: runs with no `.env`, on SQLite, with the local outbox for mail."""

from .base import *

DEBUG = True
PATIENT_DATA_KEY = env.str("PATIENT_DATA_KEY", default=PUBLISHED_PATIENT_DATA_KEY)
ACCEPTS_PUBLISHED_KEY = True
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development-never-elsewhere")
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys of http://localhost
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
VAR_DIR.mkdir(parents=True, exist_ok=True)
STATIC_ROOT = VAR_DIR / "static"  # nothing is collected here: files are served from where they lie
STATIC_ROOT.mkdir(exist_ok=True)
