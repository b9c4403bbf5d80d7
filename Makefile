# What people run. Every target sets the environment up first; `make setup` is a no-op when it is current.
SHELL := /bin/bash
PY := .venv/bin/python
WORKERS ?= 2
# Hundreds of processes start in the tests: what they read is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup web postgis demo test check soak bench bench-api bench-train conformance format lock serve clean

setup: .venv/.ready

.venv/.ready: requirements/dev.txt pyproject.toml tools/setup
	./tools/setup

# The map page, built into the package. What needs it is skipped with a word where Node cannot be had.
web: setup service/web/manifest.json

service/web/manifest.json: $(shell find web -path web/node_modules -prune -o -type f -print)
	@./tools/web quick || echo "THE MAP PAGE IS NOT BUILT HERE" >&2

# PostgreSQL with PostGIS for the tests; where it cannot be had, what needs it is skipped with a word.
postgis:
	@./tools/postgres || echo "POSTGIS IS NOT TESTED HERE" >&2

demo: setup web
	.venv/bin/kancha demo demo --workers $(WORKERS)

test: setup postgis web
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not soak" $(ARGS)

# The running service beside GDAL, OWSLib and QGIS. QGIS is large: it is installed here alone, as root on Debian.
conformance: setup postgis
	@/usr/bin/python3 -c 'import qgis.core' 2>/dev/null || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends python3-qgis qgis-providers >/dev/null) || echo "QGIS cannot be had here" >&2
	$(PY) -m pytest tests/conformance $(ARGS)

soak: setup postgis web
	KANCHA_SOAK=1 $(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: setup
	./tools/web
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@[ -n "$(TESTED_LATER)" ] || $(PY) -m pytest -q tests/test_architecture.py tests/test_docs.py -k 'architecture or documented or links or known or exactly or named or cron'

bench: setup
	$(PY) tests/benchmarks/bench.py $(ARGS)

bench-api: setup postgis .venv-bench/.ready
	$(PY) -m tests.benchmarks.bench_api $(ARGS)

# The peers that the features API is measured beside, in an environment of their own.
.venv-bench/.ready: requirements/bench.txt
	./tools/setup bench

bench-train: setup
	./tools/setup train
	$(PY) tests/benchmarks/bench_train.py $(or $(WORK),bench-train) $(ARGS)

serve: setup web
	.venv/bin/kancha serve

format: setup
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: setup
	./tools/lock

clean:
	rm -rf .venv .venv-bench demo bench-train dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
