"""Entry point of the application server."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
django_application = get_wsgi_application()

from maillage.core.checks import refuse_to_start  # noqa: E402  # once the models are there
from maillage.core.web.incoming import utf8_only  # noqa: E402

application = utf8_only(django_application)
refuse_to_start()
connections.close_all()  # the threads that answer open their own

# What start-up made lives as long as the process: walking through it again took 130 ms of one request in a hundred.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
