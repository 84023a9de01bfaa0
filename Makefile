# Two commands: `make run` (the sample company, end to end) and `make test` (everything that is tested).
PYTHON ?= python3
ROWS ?= 1000000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# No tool of this project sends usage figures home.
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Reads every model, schema file and macro for one target; connects to nothing, and a warning is an error.
dbt_parse = timeout 300 $(BIN)/dbt --quiet --warn-error parse --no-partial-parse \
  --profiles-dir profiles --target $(1) --target-path target/parse-$(1) --log-path target/parse-$(1)

.DEFAULT_GOAL := help
.PHONY: help setup run test test-bigquery lint format bench dagster dashboard docs clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## .venv from requirements.lock; nothing when nothing changed

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make setup PYTHON=python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked packages into $(VENV) (once; a few minutes)"
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: setup sample/twinledger.toml ## the whole job on the built-in sample company, in sample/
	@$(BIN)/twinledger run --settings sample/twinledger.toml

sample/twinledger.toml: | $(STAMP)
	@$(BIN)/twinledger sample --out sample

test: setup ## the whole test suite
	@.ci/debian-packages
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-bigquery: setup ## the ladder's scenarios on Google's BigQuery, opt-in; says how where it is not enabled
	@$(BIN)/python -m pytest tests/bigquery/test_real_service.py

lint: setup ## ruff, mypy, sqlfluff, dbt parse for DuckDB and BigQuery
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(call dbt_parse,ci)
	@$(call dbt_parse,prod)
	@$(BIN)/sqlfluff lint --disable-progress-bar models

format: setup ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## time against a bare DuckDB script: make bench ROWS=1000000
	@$(BIN)/python -m bench.run --rows $(ROWS)

dagster: setup $(if $(TWINLEDGER_SETTINGS),,sample/twinledger.toml) ## the Dagster UI on 127.0.0.1:3000; TWINLEDGER_SETTINGS names another workspace
	@.ci/dagster-dev

dashboard: setup $(if $(TWINLEDGER_SETTINGS),,sample/published/marts.duckdb) ## the dashboard on 127.0.0.1:8501; TWINLEDGER_SETTINGS names another workspace
	@.ci/dashboard

sample/published/marts.duckdb: | sample/twinledger.toml
	@$(BIN)/twinledger run --settings sample/twinledger.toml

docs: setup ## one HTML page about every table and column, in target/docs
	@$(BIN)/dbt --quiet parse --profiles-dir profiles --target ci --target-path target/docs --log-path target/docs
	@$(BIN)/dbt --quiet docs generate --static --no-compile --empty-catalog \
	  --profiles-dir profiles --target ci --target-path target/docs --log-path target/docs
	@echo "open target/docs/static_index.html"

clean: ## remove caches and the sample workspace
	rm -rf sample target logs .mypy_cache .ruff_cache .pytest_cache bench/results bench/work
