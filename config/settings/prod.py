"""Production only hardens: every variable it needs is demanded, none is guessed."""

from .base import *

DEBUG = False
DEMO = env.bool("DEMO", default=False)  # never: accounts.apps refuses to start with it
SECRET_KEY = env.str("SECRET_KEY")
# Former secrets, while what they signed or sealed (links, an open vote) is still in use.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
DATABASES["default"] = tuned(env.db("DATABASE_URL"))
PUBLIC_URL = env.str("PUBLIC_URL", default=f"https://{ALLOWED_HOSTS[0]}")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
SAS_CERTIFICATE_REQUIRED = env.bool("SAS_CERTIFICATE_REQUIRED", default=True)
SAS_AGENDA_URL = env.str("SAS_AGENDA_URL", default=PUBLIC_URL)

mail = env.email("EMAIL_URL")  # smtp://, smtp+tls://, smtp+ssl://
MAIL_DELIVERY_BACKEND = mail.pop("EMAIL_BACKEND")
vars().update(mail)
EMAIL_TIMEOUT = 20

# Limits count by address: the one that the proxy saw, not the proxy itself, nor what the caller says.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
DEVICE_COOKIE_NAME = "__Host-device"
