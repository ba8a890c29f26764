# make demo: the whole workflow on the embedded demo. make test: every check. No other set-up needed.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
# the first Python 3.11 on the PATH
PYTHON ?= $(shell for p in python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo $$p && break; done)
UV_VERSION := 0.13.8
SMK := $(wildcard Snakefile workflow/rules/*.smk workflow/rules/inputs/*.smk)

# wheels of packages that PyPI has as source only, built once per machine
WHEELS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/multiome2vec/wheels
MACS3 := $(shell sed -n 's/^macs3==//p' requirements.lock)
# uv does not read pip's list of local wheel folders
FIND_LINKS := $(addprefix --find-links ,$(WHEELS) $(PIP_FIND_LINKS))
export PYTHONHASHSEED := 0
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all demo test test-cluster test-datasets test-real test-truth lint format lock clean setup
all: demo

setup: $(READY)

# Resumable: the environment is marked ready only when everything is in it.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	mkdir -p $(WHEELS)
	ls $(WHEELS)/macs3-$(MACS3)-*.whl >/dev/null 2>&1 || \
	  $(BIN)/python -m pip wheel --disable-pip-version-check --no-deps --wheel-dir $(WHEELS) macs3==$(MACS3)
	$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python $(FIND_LINKS) --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $(READY)

demo: $(READY)
	$(BIN)/snakemake --cores $(CORES)
	@test results/demo/report.html -nt results/demo/evaluation/leaderboard.tsv || $(BIN)/snakemake --cores 1 --report results/demo/report.html
	@echo; echo "Matrices:    results/demo/matrices/multiome.h5mu"
	@echo "Embedding:   results/demo/embeddings/trivae/seed-0.h5ad"
	@echo "Leaderboard: results/demo/evaluation/leaderboard.tsv"
	@echo "Report:      results/demo/report.html"

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check $(SMK)
	$(BIN)/snakemake --lint

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/snakefmt $(SMK)

test: lint
	cd / && $(CURDIR)/$(BIN)/python -m multiome2vec --version # installed by make setup
	$(BIN)/python -m pytest -m "not slow and not truth and not real" --durations 10

# All runs on the real data in ../shared/data (skipped with a reason where it is absent)
test-real: $(READY)
	$(BIN)/python -m pytest -m real -rs --durations 10

# The configuration of every public dataset, from a local server of imitated files to the leaderboard
test-datasets: $(READY)
	$(BIN)/python -m pytest tests/workflow/test_datasets.py --durations 20

# What befalls a run on a cluster: starts a real SLURM on this machine (root on Debian; installs slurm)
test-cluster: $(READY)
	$(BIN)/python -m pytest -m cluster -rs --durations 10

# The chain against the planted truth of three held-out simulations
test-truth: $(READY)
	$(BIN)/python -m pytest -m truth -rs --capture no

# Resolve requirements.lock anew from pyproject.toml
lock:
	$(BIN)/uv pip compile --quiet $(FIND_LINKS) --python-version 3.11 --no-annotate --group dev --upgrade-package torch pyproject.toml --output-file requirements.lock
	sed -i 's/^\(torch==[0-9.]*\)+cpu$$/\1/' requirements.lock

clean:
	rm -rf results logs resources/downloads resources/genomes .snakemake
