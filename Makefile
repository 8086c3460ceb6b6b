# Concord. `make run` and `make test` do all of their own set-up.
PORT ?= 8601
TESTS ?=
# two at a time, a file never split, files in order: browser tests come last (see tests/conftest.py)
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder
PYTHON := .venv/bin/python
LOCK = uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade) pyproject.toml --group build --extra postgres

.PHONY: run setup setup-test test test-all lint format types schema lock help

run: setup  ## serve the app with a demo study: make run [PORT=8601]
	@$(PYTHON) -m core.cli migrate
	@$(PYTHON) -m core.cli demo
	@echo "Concord is at http://127.0.0.1:$(PORT) (stop it with Ctrl+C)"
	@$(PYTHON) -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT) \
		--server.headless true --browser.gatherUsageStats false

setup: .venv/.runtime  ## fill .venv with what the app needs

setup-test: .venv/.tests  ## fill .venv with what the tests need, and look for a browser

.venv/.runtime: requirements.lock pyproject.toml .ci/setup
	@.ci/setup runtime

.venv/.tests: .venv/.runtime requirements-dev.lock
	@.ci/setup tests

test: setup-test  ## every test; add arguments for pytest with TESTS="..."
	@$(PYTHON) -m pytest $(PARALLEL) $(TESTS)

test-all: setup-test  ## every test, long checks at full length
	@CONCORD_NIGHTLY=1 $(PYTHON) -m pytest $(PARALLEL) $(TESTS)

lint: setup-test  ## ruff: rules and layout
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

format: setup-test  ## ruff: put things right that it can
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

types: setup-test  ## mypy, strict
	@$(PYTHON) -m mypy

schema: setup-test  ## do tables and migrations agree? (alembic check)
	@DATABASE_URL="sqlite:///$$(mktemp -d)/schema.db" $(PYTHON) -m core.cli migrate --check

lock:  ## choose versions anew where pyproject.toml asks for it; UPGRADE=1 for the newest
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(LOCK) --output-file requirements.lock
	$(LOCK) --constraint requirements.lock --group test --group lint \
		--output-file requirements-dev.lock

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14
