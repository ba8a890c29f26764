# make demo: the whole workflow on the embedded demo. make test: every check. No other set-up needed.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CORES ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || sysctl -n hw.ncpu)
# the first on the PATH that is Python 3.11, 3.12 or 3.13
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
UV_VERSION := 0.13.8
SMK := $(wildcard Snakefile workflow/rules/*.smk workflow/rules/inputs/*.smk)

# wheels of packages that PyPI has as source only, built once per machine
WHEELS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/multiome2vec/wheels
MACS3 := $(shell sed -n 's/^macs3==//p' requirements.lock)
# uv does not read pip's list of local wheel folders
FIND_LINKS := $(addprefix --find-links ,$(WHEELS) $(PIP_FIND_LINKS))
export PYTHONHASHSEED := 0
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: all demo test test-cluster test-conda test-datasets test-real test-truth lint format lock clean setup
all: demo

setup: $(READY)

# Resumable: the environment is marked ready only when everything is in it.
$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || test -n "$(PYTHON)" || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed: install 3.11, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	mkdir -p $(WHEELS)
	ls $(WHEELS)/macs3-$(MACS3)-$$($(BIN)/python -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-*.whl >/dev/null 2>&1 || \
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
	$(BIN)/python -m pytest -n $(CORES) -m "not slow and not truth and not real" --durations 10

# Rules in conda environments, by a stand-in for conda that takes packages from a channel of the tests
test-conda: $(READY)
	$(BIN)/python -m pytest -m conda --durations 10

# All runs on real data beside the clone (skipped with a reason where they are absent)
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

# Resolve requirements.lock anew from pyproject.toml, for every supported Python. What only the CUDA
# builds of torch need goes into a file of its own: torch names it itself, and the CPU builds lack it.
CUDA := ^(cuda|nvidia|triton)
lock:
	cat requirements-cuda.lock >> requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --find-links $(WHEELS) --no-annotate --group dev --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock
	grep -E '$(CUDA)' requirements.lock > requirements-cuda.lock
	sed -i -E '/$(CUDA)/d' requirements.lock

clean:
	rm -rf results logs resources/downloads resources/genomes .snakemake
