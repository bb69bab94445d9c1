# What can be done with this checkout: set it up, try it, check it, test it.
# `make` alone lists the targets.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Twice as many test processes as there are processors: much of the time tests wait, for a grace to be over or a
# process to start.
CORES  := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
JOBS   ?= $(shell expr 2 \* $(CORES))
STAMP  := $(VENV)/set-up

# The first Chromium found on the machine; the browser tests start this one and download none. The one without a
# window first: it needs a third less.
CHROMIUM ?= $(firstword $(shell command -v chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable 2>/dev/null))
# PostgreSQL's programs are off the PATH on Debian and Ubuntu.
INITDB   ?= $(firstword $(shell command -v initdb 2>/dev/null) $(wildcard /usr/lib/postgresql/*/bin/initdb))

.PHONY: help setup demo check format test soak bench clean
.DEFAULT_GOAL := help

help: ## List what can be made
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(STAMP) ## Make the virtual environment, every version pinned

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is older or missing. Name another: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup ## Try everything in a browser, no Slack account needed (RESET=1 starts afresh)
	@exec $(BIN)/downballot demo $(if $(RESET),--reset) $(if $(PORT),--port $(PORT))

check: setup ## Lint, format, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Let ruff put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# What this machine cannot run is left out by name, said aloud before and after, and a failure in CI.
LEFT_OUT := $(if $(CHROMIUM),,browser) $(if $(INITDB)$(TEST_DATABASE_URL),,postgres)
LEFT_OUT := $(strip $(LEFT_OUT))
EMPTY    :=
MARKERS  := $(if $(LEFT_OUT),-m "not ($(subst $(EMPTY) $(EMPTY), or ,$(LEFT_OUT)))")

test: setup ## Run the whole suite, on SQLite and PostgreSQL, the browser tests included
	@$(foreach kind,$(LEFT_OUT),$(call say_left_out,$(kind));) \
	if [ -n "$(LEFT_OUT)" ] && [ "$(CI)" = "true" ]; then echo "CI=true: nothing may be left out." >&2; exit 1; fi
	@CHROMIUM="$(CHROMIUM)" PYTHONDONTWRITEBYTECODE= \
	$(BIN)/pytest -n $(JOBS) $(MARKERS) $(ARGS) && { \
	  $(foreach kind,$(LEFT_OUT),$(call say_left_out,$(kind));) true; }

say_left_out = echo "LEFT OUT: the tests that need $(if $(filter browser,$(1)),a browser. To run them install chromium,PostgreSQL. To run them install postgresql or set TEST_DATABASE_URL)." >&2

soak: setup ## Kill workers for about an hour: 100,000 deliveries, 1,000 SIGKILLs (SOAK_DELIVERIES, SOAK_KILLS, SOAK_ON, SOAK_SCALE)
	@$(BIN)/python -m tests.scheduler.soak
	@MACHINE_EXAMPLES=$(or $(MACHINE_EXAMPLES),500) $(BIN)/pytest -n $(JOBS) --maxschedchunk 1 --timeout 0 $(MARKERS) \
	  tests/community/test_mentoring_machine.py tests/scheduler/test_outbox_machine.py

bench: setup ## Measure the app beside its counterparts, into build/bench.json (see docs/bench.md)
	@exec $(BIN)/python -m tests.bench $(ARGS)

clean: ## Remove what was made here, the demo's data included
	rm -rf $(VENV) data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
