# `make report` and `make test` each set everything up alone; a second run starts at once.
SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.lock-$(shell cat requirements.lock pyproject.toml .python-version | cksum | cut -d' ' -f1)
SPARK := .spark/.lock-$(shell cksum requirements-spark.lock | cut -d' ' -f1)
WORKERS ?= 2
# one BLAS thread a process: the suite and the notebooks run in parallel processes
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0

.PHONY: help setup report test lint typecheck architecture unit spark spark-setup lab example data dictionary lock benchmarks clean
help:          ## what each command does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */ — /'

setup: $(STAMP)  ## make the virtual environment from the lock

$(STAMP): requirements.lock pyproject.toml
	@set -euo pipefail; python=""; \
	for candidate in python3.13 python3.14 python3.12 python3; do \
	  if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(not sys.version_info >= (3, 12))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ] && command -v pyenv >/dev/null 2>&1; then \
	  for candidate in "$$(pyenv root)"/versions/3.1[2-9]*/bin/python3; do \
	    if [ -x "$$candidate" ] && "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(not sys.version_info >= (3, 12))' 2>/dev/null; then python="$$candidate"; fi; \
	  done; \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "wellperf needs Python 3.12 or newer with the venv module; found: $$(python3 --version 2>&1 || echo none). Install it (on Debian: python3 python3-venv) and run make again." >&2; exit 1; \
	fi; \
	echo "setting up $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV); "$$python" -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	touch $(STAMP)

report: setup  ## check the default study and write its evidence pack to reports/
	$(BIN)/wellperf check data_synthetic/study.toml
	$(BIN)/wellperf run data_synthetic/study.toml

test: setup lint typecheck architecture unit  ## everything a reviewer wants to see pass

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

typecheck: setup
	$(BIN)/mypy

architecture: setup
	$(BIN)/lint-imports

unit: setup
	$(BIN)/pytest -n $(WORKERS) --dist loadscope

spark: $(SPARK)  ## the panel and its cells on PySpark (needs Java 17 or newer)
	PYTHONPATH=.spark $(BIN)/pytest tests/panel/test_spark.py

spark-setup: $(SPARK)

# beside the environment, whose lock it leaves alone
$(SPARK): requirements-spark.lock | setup
	rm -rf .spark
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --target .spark -r requirements-spark.lock
	touch $(SPARK)

lab: setup     ## iterate on the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

data: setup    ## regenerate data_synthetic/ (same lock, same bytes)
	$(BIN)/wellperf simulate data_synthetic --preset default
	$(BIN)/wellperf dictionary > data_synthetic/DATA_DICTIONARY.md

example: setup ## refresh the committed example pack in reports/example/
	rm -rf reports/example
	$(BIN)/wellperf run data_synthetic/study.toml --out reports/example

benchmarks: setup  ## measured figures of CONTRIBUTING.md
	$(BIN)/python -m tests.benchmarks

lock: setup    ## refresh both locks (needs uv: pip install uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes --no-header \
	  --no-emit-index-url --group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes --no-header \
	  --no-emit-index-url --group spark -c requirements.lock -o requirements-spark.lock

clean:         ## remove the environment and everything made
	rm -rf $(VENV) .spark out build dist
