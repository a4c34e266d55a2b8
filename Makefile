# Everything here needs Python 3.11 or newer and make, nothing else. `make` alone prints what there is.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python3.14,$(shell $(name) -c 'import sys; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
ARGS   ?=

# The stamps carry a sum of the locks, so a changed lock is installed and an unchanged one costs nothing.
SUM  := $(shell cat requirements/runtime.txt requirements/dev.txt pyproject.toml | cksum | cut -d' ' -f1)
RUN  := $(VENV)/ready-to-run-$(SUM)
WORK := $(VENV)/ready-to-work-$(SUM)
PIP  := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check bench prove docs lock kafka postgres clean

help: ## print this page
	@echo "make TARGET [ARGS='...']"
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  %-10s %s\n", $$1, $$2 }'

setup: $(WORK) ## make .venv and install everything from the hash-locked files

demo: $(RUN) ## watch leads arrive, be routed, warned and escalated (ARGS='--for 60' ends by itself)
	$(BIN)/baton demo --speed 60 $(ARGS)

up: $(RUN) ## Baton in one process on SQLite files (ARGS='--port 8080')
	$(BIN)/baton up $(ARGS)

test: $(WORK) ## all tests (ARGS='tests/timer -k holiday')
	$(BIN)/python -m pytest -m 'not prove' $(ARGS)

check: $(WORK) ## style, types, the direction of imports, and what each part of a service may know
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture/test_structure.py

bench: $(WORK) ## measure, paired, as ratios (ARGS='intake')
	$(BIN)/python -m tests.bench $(ARGS)

prove: $(WORK) ## the long tests that `make test` leaves out
	$(BIN)/python -m pytest -m prove --timeout 7200 $(ARGS)

docs: $(WORK) ## regenerate the pages in docs/
	$(BIN)/python -m cli.docs

lock: $(WORK) ## resolve the dependencies and write the hash-locked files
	$(BIN)/pip-compile $(LOCK) --build-deps-for editable -o requirements/runtime.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml

LOCK := --quiet --generate-hashes --no-header --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

kafka: $(WORK) ## a real Kafka broker on free ports, until Ctrl-C (needs Java 17 and Maven)
	$(BIN)/python -m tests.parts.kafka $(ARGS)

postgres: $(WORK) ## a real PostgreSQL in a temporary folder, until Ctrl-C
	$(BIN)/python -m tests.parts.postgres $(ARGS)

clean: ## remove what make made (not your data in baton-data)
	rm -rf $(VENV) .parts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info build baton-demo
	find cli services shared tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN):
	@test -n "$(PYTHON)" || { echo "Baton needs Python 3.11 or newer; none was found. Name yours: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Installing what Baton needs, about half a minute."
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/ready-to-*; touch $@

$(WORK): $(RUN)
	@echo "Installing what its tests need, about half a minute."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
