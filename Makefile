# Every command a person types. `make help` lists them.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
MANAGE := $(RUN) manage.py
UV_VERSION := 0.13.9
UV := $(VENV)/bin/uv

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo demo-reset sas-examples backup-key backup restore test coverage mutants test-fast check fix quality lock reference-data bench bench-national bench-peer bench-slots bench-servers bench-sqlite bench-wear bench-contention bench-durability bench-walk

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed (PYTHON=python3.12 make …)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian, apt install python3-venv"; exit 1; }
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.base: requirements/base.txt | $(UV)
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/.base ## Make the environment in .venv from the locked dependencies
	@$(RUN) -m compileall -q -j 0 maillage config $(VENV)/lib >/dev/null || true  # services cannot write beside the code

install-dev: $(VENV)/.dev ## The same, with the tools of development

demo: $(VENV)/.base ## Run a demonstration on http://127.0.0.1:8000
	@DJANGO_SETTINGS_MODULE=config.settings.demo $(MANAGE) demo $(if $(PORT),--port $(PORT))

demo-reset: $(VENV)/.base ## Put the demonstration data back as they were
	@DJANGO_SETTINGS_MODULE=config.settings.demo $(MANAGE) demo --reset --no-serve

sas-examples: $(VENV)/.base ## Run each request of docs/ops/sas.md against the running demonstration (URL=…)
	@DJANGO_SETTINGS_MODULE=config.settings.demo $(MANAGE) sas_examples $(if $(URL),--url $(URL))

backup-key: $(VENV)/.base ## Make the pair of keys of the backups: make backup-key KEY=/on/a/usb/stick/maillage.key
	@$(MANAGE) backup_key $(KEY)

backup: $(VENV)/.base ## Save the instance into BACKUP_DIR, encrypted for BACKUP_PUBLIC_KEY (docs/ops/backup.md)
	@$(MANAGE) backup

restore: $(VENV)/.base ## Put a backup in a new place: make restore ARCHIVE=… KEY=… TO=/new/folder [DATABASE=postgres://…/empty]
	@$(MANAGE) restore $(ARCHIVE) --key $(KEY) --to $(TO) $(if $(DATABASE),--database $(DATABASE)) $(if $(FROM_ELSEWHERE),--from-elsewhere)

test: $(VENV)/.dev ## Run all the tests, browser journeys included
	$(RUN) -m pytest -n auto --dist loadgroup

coverage: $(VENV)/.dev ## The same, refused below the share of lines and branches that pyproject.toml says
	$(RUN) -m pytest -n auto --dist loadgroup --cov --cov-report=term:skip-covered

mutants: $(VENV)/.dev ## Change the rules a word at a time, and list the changes that no test sees: make mutants [OF='maillage.aci.*']
	$(VENV)/bin/mutmut run $(if $(OF),"$(OF)")
	@$(VENV)/bin/mutmut results
	@$(RUN) -m scripts.mutants

test-fast: $(VENV)/.dev ## Run the tests without the browser
	$(RUN) -m pytest -n auto --dist loadgroup -m "not browser"

check: $(VENV)/.dev ## Format, lint, types, import contracts, templates, lock, migrations
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/djangofmt --check --quiet $$(git ls-files '*.html')
	$(VENV)/bin/djangofmt check $$(git ls-files '*.html')
	$(RUN) -m scripts.format_css --check
	$(RUN) -m scripts.check_lock
	DJANGO_SETTINGS_MODULE=config.settings.test $(MANAGE) makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=config.settings.prod DATABASE_URL=sqlite:///:memory: SECRET_KEY=$$($(RUN) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  ALLOWED_HOSTS=example.org EMAIL_URL=smtp://localhost $(MANAGE) check --deploy --fail-level WARNING

fix: $(VENV)/.dev ## Format and mend what tools can mend
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/djangofmt check --fix --quiet $$(git ls-files '*.html')
	$(VENV)/bin/djangofmt --quiet $$(git ls-files '*.html')
	$(RUN) -m scripts.format_css

quality: $(VENV)/.dev ## Print how the house is measured (docs/quality.md)
	@$(RUN) -m scripts.quality

lock: $(UV) ## Resolve the dependencies anew, a week behind the registry
	$(RUN) -m scripts.lock

reference-data: $(VENV)/.base ## Build the geography files anew (docs/ops/reference-data.md)
	$(RUN) -m scripts.fetch_geography_packages
	DJANGO_SETTINGS_MODULE=config.settings.test $(MANAGE) build_geography --packages .cache/geography

bench-national: $(VENV)/.dev ## Load a whole register and print ratios: make bench-national FILE=rpps.txt
	$(RUN) -m benchmarks.national $(FILE)

bench-peer: $(VENV)/.dev ## Compare accessibility with PySAL access, in an environment of its own
	$(RUN) -m benchmarks.peer_pairs .cache/pairs.npz
	$(PYTHON) -m venv .cache/peer && .cache/peer/bin/pip install --quiet access==1.1.10
	.cache/peer/bin/python benchmarks/peer_access.py .cache/pairs.npz

bench-slots: $(VENV)/.dev ## Measure slots on an EMPTIED database: make bench-slots DATABASE_URL=postgres://… SLOTS=5000000
	$(PYTHON) -m venv .cache/peer-fhir && .cache/peer-fhir/bin/pip install --quiet fhirstarter==4.2.0 uvicorn 'psycopg[binary]'
	$(RUN) -m benchmarks.slots $(if $(SLOTS),--slots $(SLOTS)) $(if $(KEEP),--keep)

bench-servers: $(VENV)/.dev ## Application servers side by side, on the database of bench-slots
	$(UV) pip install --quiet --target .cache/servers gunicorn==27.0.1
	$(RUN) -m benchmarks.servers

bench-sqlite: $(VENV)/.dev ## The database of bench-slots copied to SQLite, and the same requests to both
	$(RUN) -m benchmarks.sqlite_mode

bench-wear: $(VENV)/.dev ## Growth and wear, on copies of the database of bench-slots: make bench-wear DATABASE_URL=postgres://…
	$(RUN) -m benchmarks.churn $(if $(SECONDS_OF_WEAR),--seconds $(SECONDS_OF_WEAR))

bench-contention: $(VENV)/.dev ## Never twice, on an EMPTIED database: contended attempts, then the server killed (PostgreSQL)
	$(RUN) -m benchmarks.contention $(if $(ATTEMPTS),--attempts $(ATTEMPTS))
	case "$$DATABASE_URL" in postgres*) $(RUN) -m benchmarks.kill --postgres ;; esac

bench-durability: $(VENV)/.dev ## What synchronous=FULL costs SQLite: make bench-durability BENCH_DIR=/a/folder/of/the/disk
	$(RUN) -m benchmarks.durability

bench-walk: $(VENV)/.dev ## Every page of the demonstration as each person, its database time: make bench-walk DATABASE_URL=postgres://…
	DJANGO_SETTINGS_MODULE=config.settings.demo $(RUN) -m benchmarks.walk $(if $(PLANS),--plans) $(if $(SQL),--sql)

bench: $(VENV)/.dev ## Run the benchmarks and print their ratios
	$(RUN) -m benchmarks
