# Needs make and Python 3.11 or newer; uv is used where it is installed. Everything is made inside .venv.
#   make demo   trackers that fail on schedule, and the live screen on them
#   make test   every test; those against real trackers skip what is not installed (see make lab)
#   make check  format, lint, types
#   make bench  the budgets, measured against real trackers
#   make lab    install the real trackers (root, Debian or Ubuntu)
#   make clean  remove what make made

SHELL := /bin/sh
BIN := .venv/bin
RUNNABLE := .venv/.runnable
DEVELOPABLE := .venv/.developable
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench lab clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(RUNNABLE)
	@$(BIN)/python -m trackerwatch demo $(ARGS)

test: $(DEVELOPABLE)
	$(BIN)/python -m pytest $(ARGS)

check: $(DEVELOPABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(DEVELOPABLE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEVELOPABLE) .lab/scrapeer
	$(BIN)/python -m benchmarks $(ARGS)

lab:
	.ci/install-lab

clean:
	rm -rf .venv .lab .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# PYTHON=... chooses one by hand. A name on the PATH proves nothing (version managers leave stubs): each is run.
$(BIN)/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "making .venv with $$python" >&2; \
	    if command -v uv >/dev/null 2>&1; then exec uv venv --quiet --allow-existing --python "$$python" .venv; fi; \
	    "$$python" -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "make: $$python cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "make: trackerwatch needs Python 3.11 or newer, and there is none on the PATH (PYTHON=/path/to/python chooses one)" >&2; exit 1

$(RUNNABLE): pyproject.toml | $(BIN)/python
	@echo "installing trackerwatch into .venv" >&2
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --editable .; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .; \
	fi
	@touch $@

# The quickest scraper that a user can install, to compare with; the newest version that runs on Python 3.11.
.lab/scrapeer: | $(DEVELOPABLE)
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --no-deps --target $@ scrapeer==1.0.11; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $@ scrapeer==1.0.11; \
	fi || echo "make: scrapeer is not available; the benchmark goes on without it" >&2

# Dependency groups want pip 25.1.
$(DEVELOPABLE): pyproject.toml | $(BIN)/python
	@echo "installing trackerwatch and its development tools into .venv" >&2
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --editable . --group dev; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev; \
	fi
	@touch $@ $(RUNNABLE)
