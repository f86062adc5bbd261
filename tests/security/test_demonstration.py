"""The cards of the demonstration open every account: production refuses to start with them."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from maillage.accounts.apps import refuse_open_doors

PRODUCTION = {
    "SECRET_KEY": "x" * 60,
    "ALLOWED_HOSTS": "maillage.exemple.invalid",
    "EMAIL_URL": "smtp://localhost:25",
    "DATABASE_URL": "sqlite:////tmp/never-opened.sqlite3",
}


def started(tmp_path, **environment):
    """What a process of ours says as it starts on these variables."""
    command = [sys.executable, "-c", "import config.wsgi"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, env=kept | {"VAR_DIR": str(tmp_path)} | environment, capture_output=True, text=True, check=False
    )


def test_a_web_process_of_the_demonstration_does_not_start_on_a_machine_of_production(tmp_path):
    answer = started(tmp_path, DJANGO_SETTINGS_MODULE="config.settings.demo", **PRODUCTION)
    assert answer.returncode != 0
    assert "EMAIL_URL" in answer.stderr
    assert "ImproperlyConfigured" in answer.stderr


def test_the_settings_of_production_refuse_the_demonstration(tmp_path):
    answer = started(tmp_path, DJANGO_SETTINGS_MODULE="config.settings.prod", DEMO="1", **PRODUCTION)
    assert answer.returncode != 0
    assert "DEMO" in answer.stderr


@pytest.mark.parametrize("module", ["config.settings.demo", "config.settings.prod"])
def test_each_starts_where_it_belongs(tmp_path, module):
    environment = PRODUCTION if module.endswith("prod") else {}
    answer = started(tmp_path, DJANGO_SETTINGS_MODULE=module, **environment)
    assert answer.returncode == 0, answer.stderr


def test_demo_without_debug_is_production_with_its_doors_open(settings):
    settings.DEMO, settings.DEBUG = True, False
    with pytest.raises(ImproperlyConfigured):
        refuse_open_doors({})
    settings.DEBUG = True
    refuse_open_doors({})
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        refuse_open_doors({"ALLOWED_HOSTS": "exemple.invalid"})
