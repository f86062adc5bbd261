"""Settings shared by every environment, read from typed variables that fail loudly.

`dev` runs with no `.env`; `prod` only hardens; `test` and `demo` each fix what they need.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
DEMO = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",  # its loader is set below, around ours
    "js_lib_leaflet",
    "lucide",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_tasks_db",
    "maillage.core",
    "maillage.audit",
    "maillage.geography",
    "maillage.cpts",
    "maillage.accounts",
    "maillage.records",
    "maillage.exchange",
    "maillage.directory",
    "maillage.territory",
    "maillage.members",
    "maillage.meetings",
    "maillage.territorial_diagnosis",
    "maillage.patients",
    "maillage.unscheduled_care",
    "maillage.sas",
    "maillage.aci",
    "maillage.oversight",
    "maillage.portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "maillage.core.web.keeping.KeepNothing",
    "maillage.core.web.incoming.IncomingText",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "maillage.core.papers.typography.TypographyMiddleware",
    "maillage.core.web.limits.LimitsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "maillage.accounts.middleware.FragmentSignIn",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "maillage.accounts.middleware.SecondFactorMiddleware",
    "maillage.accounts.middleware.ScopeMiddleware",
    "maillage.accounts.middleware.ExportTrace",
    "maillage.records.web.draft_views.SentDrafts",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOADERS = ["maillage.core.screens.loaders.FolderLoader", "maillage.core.screens.loaders.AppsLoader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Our folder first: it overrides the layouts of allauth.
        "DIRS": [BASE_DIR / "maillage" / app / "templates" for app in ("core", "accounts")],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "maillage.portal.navigation.shell",
            ],
            "loaders": [("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", LOADERS)])],
            "builtins": ["maillage.core.templatetags.maillage", "template_partials.templatetags.partials"],
        },
    }
]

# A WAL file, foreign keys on, immediate transactions: see docs/adr/0002. FULL: what was answered is on the disk, and a
# machine that loses its power loses nothing (NORMAL may lose the last transactions; cost in benchmarks/README.md).
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def tuned(database: dict) -> dict:
    """A database as its engine is best used: on PostgreSQL a thread keeps its connection, which costs more to open than
    a page to make."""
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
    if database["ENGINE"].endswith("postgresql"):
        database["ENGINE"] = "maillage.core.sql.postgresql"
        database |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60), "CONN_HEALTH_CHECKS": True}
        # A server that does not answer is said so within seconds (/sante/pret), not minutes.
        database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
        # A statement is planned once a connection, which often costs more than its answer: PREPARE=0 behind a pooler.
        if env.bool("PREPARE", default=True):
            database.setdefault("OPTIONS", {}).update(server_side_binding=True, prepare_threshold=1)
    return database


DATABASES = {"default": tuned(env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'maillage.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# How often an act may be done, where it is not as usual: `booking-desk=40/3600` (docs/ops/limits.md).
LIMITS: dict[str, str] = env.dict("LIMITS", default={})

# What processes share for a while, such as a code of a second factor that was used.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["maillage.accounts.backends.PasswordBackend", "maillage.accounts.backends.IdentityBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "maillage.portal.web.errors.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:after_login"
# Pages that apps name without knowing whose they are (core.links.page).
PAGES = {
    "start": "portal:start",
    "after_login": "portal:after_login",
    "home": "portal:home",
    "spaces": "portal:spaces",
    "legal": "portal:legal",
    "connections": "accounts:connections",
}
ACCOUNT_ADAPTER = "maillage.accounts.signing_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "maillage.accounts.web.forms.SignupNameForm"
ACCOUNT_FORMS = {
    "signup": "maillage.accounts.web.signup.SignupForm",
    "confirm_email_verification_code": "maillage.accounts.web.signup.AddressCodeForm",
    "reset_password": "maillage.accounts.web.signup.ResetPasswordForm",
    "change_password": "maillage.accounts.web.signup.ChangePasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# The code is typed where the password was chosen: a link would open the account to whoever had chosen that password.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 3
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = False  # they lock people out of their account: ours are in accounts.limits
# Whoever reads the mailbox enters at once, from a device known from then on, however often the account is guessed.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
DEVICE_COOKIE_NAME = "device"  # of a device that an account was used from (accounts.signing_in.devices)
DEVICE_DAYS = env.int("DEVICE_DAYS", default=180)
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a password or a second factor that changes is told by mail
MFA_ADAPTER = "maillage.accounts.signing_in.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "maillage.accounts.web.factor_forms.CodeForm",
    "reauthenticate": "maillage.accounts.web.factor_forms.FreshCodeForm",
    "activate_totp": "maillage.accounts.web.factor_forms.FirstCodeForm",
    "authenticate_webauthn": "maillage.accounts.web.factor_forms.KeyForm",
    "login_webauthn": "maillage.accounts.web.factor_forms.KeyAloneForm",
    "reauthenticate_webauthn": "maillage.accounts.web.factor_forms.FreshKeyForm",
    "add_webauthn": "maillage.accounts.web.factor_forms.AddKeyForm",
    "edit_webauthn": "maillage.accounts.web.factor_forms.RenameKeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Maillage"
MFA_TOTP_TOLERANCE = 1  # half a minute either side: telephones run late, and people type slowly (RFC 6238, 5.2)
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a key left on a table opens nothing
# A proof (code, passkey, Pro Santé Connect, password) serves that long for what asks for a fresh one.
PROOF_MINUTES = env.int("PROOF_MINUTES", default=10)
SESSION_ENGINE = "maillage.accounts.sessions"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
# Without use, sessions of roles that read patients, money or votes, or run the instance, end after:
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
INVITATION_DAYS = env.int("INVITATION_DAYS", default=14)

LANGUAGE_CODE = "fr-fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = ["config.formats"]

FORM_RENDERER = "maillage.core.screens.forms.Renderer"

STATIC_URL = "/static/"
# A command that reads a file on its input and refuses it by ending with 1, such as `clamdscan --no-summary -`.
FILE_SCANNER = env.str("FILE_SCANNER", default="")
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
# Where open data lie (docs/ops/open-data.md); nothing is fetched from anywhere.
OPEN_DATA_DIR = env.str("OPEN_DATA_DIR", default="")
MEDIA_ROOT = VAR_DIR / "media"
# How long a page waits for a file to be read; then the worker reads it, and the page shows its progress.
READ_PATIENCE_SECONDS = env.float("READ_PATIENCE_SECONDS", default=1.0)
# Calendars of one's own network that may be read although they are not public: host:port, separated by commas.
CALENDAR_OWN_HOSTS: list[str] = env.list("CALENDAR_OWN_HOSTS", default=[])
# The largest request, files included: deploy/nginx.conf says the same (tests/test_deploy.py). Each kind of file has its
# own lower limit, answered in French; a pasted list of 5 MB gets an answer, not an error page.
LARGEST_REQUEST = 16 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = LARGEST_REQUEST

# Every mail is written in our journal; a job then hands it to the delivery backend (none outside production).
EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"
MAIL_DELIVERY_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Maillage <ne-pas-repondre@localhost>")
# Where servers send the messages they refuse (docs/ops/mail.md); empty: nobody reads them.
BOUNCE_EMAIL = env.str("BOUNCE_EMAIL", default="")
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000")

# The SAS (docs/ops/sas.md). Its client certificate is checked by the reverse proxy, then here by its subject.
SAS_CERTIFICATE_REQUIRED = False
SAS_CERTIFICATE_CN: list[str] = env.list("SAS_CERTIFICATE_CN", default=[])
SAS_CERTIFICATE_OU: list[str] = env.list("SAS_CERTIFICATE_OU", default=[])
# Where regulators book, when machines are answered on another host; empty: where the call came.
SAS_AGENDA_URL = env.str("SAS_AGENDA_URL", default="")
# Where appointments are told to the SAS (INT_R03); empty: they wait.
SAS_BASE_URL = env.str("SAS_BASE_URL", default="")
SAS_CLIENT_CERTIFICATE = env.str("SAS_CLIENT_CERTIFICATE", default="")
SAS_CLIENT_KEY = env.str("SAS_CLIENT_KEY", default="")
# The identity provider of regulators, by OpenID Connect; the defaults are those of Pro Santé Connect (docs/ops/sas.md).
IDENTITY_METADATA_URL = env.str("IDENTITY_METADATA_URL", default="")  # its discovery document; empty: not joined
IDENTITY_CLIENT_ID = env.str("IDENTITY_CLIENT_ID", default="")
IDENTITY_CLIENT_SECRET = env.str("IDENTITY_CLIENT_SECRET", default="")
IDENTITY_SCOPE = env.str("IDENTITY_SCOPE", default="openid scope_all")
IDENTITY_LEVEL = env.str("IDENTITY_LEVEL", default="eidas1")  # asked for, and demanded of the answer; empty: any
IDENTITY_CLAIM = env.str("IDENTITY_CLAIM", default="SubjectNameID")  # the national number
# 32 random bytes in base64: what names a patient is sealed with it (docs/ops/install.md); empty: nobody is named.
PATIENT_DATA_KEY = env.str("PATIENT_DATA_KEY", default="")
PATIENT_DATA_KEY_PREVIOUS = env.str("PATIENT_DATA_KEY_PREVIOUS", default="")  # the one it takes over from
# Written here, hence known to all: for development, tests and the demonstration. Elsewhere an instance refuses it.
PUBLISHED_PATIENT_DATA_KEY = "0Lm-x-6vFyj86zJDjJAIuNNfAvoXY_QeTjb4In6MG98="
ACCEPTS_PUBLISHED_KEY = False
SAS_AUTHORITY = env.str("SAS_AUTHORITY", default="")  # whom we trust there; empty: what the system trusts

# Where backups go, the key that they are encrypted for (its secret half is kept elsewhere), how many are kept: see
# docs/ops/backup.md. On SQLite the worker then makes one a day.
BACKUP_DIR = env.str("BACKUP_DIR", default="")
BACKUP_PUBLIC_KEY = env.str("BACKUP_PUBLIC_KEY", default="")
BACKUP_KEEP = env.int("BACKUP_KEEP", default=14)

# Lanes of background work and their threads (docs/ops/worker.md): what waits for the outside never holds the rest.
WORKER_LANES = {
    "default": 1,  # short, inside
    "mail": 2,  # the mail server
    "mssante": 1,  # the operator of the MSSanté box
    "calendars": 3,  # hosts that anybody names
    "sas": 1,  # the national platform
    "files": 2,  # what people bring, read apart
    "long": 1,  # national files, indicators, erasures
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": list(WORKER_LANES)}}

# A box that MSSanté operators take mail from: codes leave from it (docs/ops/identity.md); empty: not offered.
MSSANTE_FROM_EMAIL = env.str("MSSANTE_FROM_EMAIL", default="")
mssante = env.email("MSSANTE_URL", default="dummymail://")  # smtp+ssl://box:password@operator:465
MSSANTE_BACKEND = mssante["EMAIL_BACKEND"] if MSSANTE_FROM_EMAIL else ""
MSSANTE_OPTIONS = {
    "host": mssante["EMAIL_HOST"],
    "port": mssante["EMAIL_PORT"],
    "username": mssante["EMAIL_HOST_USER"],
    "password": mssante["EMAIL_HOST_PASSWORD"],
    "use_tls": mssante.get("EMAIL_USE_TLS", False),
    "use_ssl": mssante.get("EMAIL_USE_SSL", False),
    "timeout": 20,
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "display-capture")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
