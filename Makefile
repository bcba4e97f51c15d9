# Consentry. `make demo` and `make test` do all of their own set-up on Debian 12 with Python 3.11.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
DATA ?= demo
PORT ?= 8420
# Two workers suit the two cores that the promises are measured on.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help env system demo test check format lint types imports bench campaign mutation lock openapi clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

env: .venv/.ready ## Create .venv with everything that running, testing and measuring needs

.venv/.ready: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv && $(BIN)/uv --version | grep -q ' $(UV_VERSION)' || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

system: ## Install the Debian packages that tests start (needs root; else says what is missing)
	@tools/system_packages.sh

demo: env ## Start the demo city on http://127.0.0.1:8420 (PORT=, DATA=)
	@$(BIN)/consentry demo --port $(PORT) --data $(DATA)

test: env system ## Run the whole suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not campaign'

check: env format lint types imports test ## The one gate: format, lint, types, imports, tests

format: env
	$(BIN)/ruff format --check src tests benches tools

lint: env
	$(BIN)/ruff check src tests benches tools

types: env
	$(BIN)/mypy

imports: env
	$(BIN)/lint-imports

bench: env ## Measure every promise against its anchor (NAME=circle for one family)
	$(BIN)/python -m benches $(or $(NAME),all) --json

campaign: env system ## The slow proofs: kill -9, tampering, fuzzing, ten million decisions (about two hours)
	$(BIN)/python -m pytest -m campaign --timeout 5400 -p no:cacheprovider

mutation: env ## Kill every mutant of the consent rules, or name the survivor
	$(BIN)/python -m tools.mutation

openapi: env ## Write openapi.json anew
	$(BIN)/python -m tools.openapi

lock: env ## Compile the locks anew: hashes, no addresses, nothing younger than a week
	$(BIN)/python -m tools.lock

clean: ## Remove what can be made again
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache mutants
