# Everything happens in .venv, made with whatever python3 is first on the path (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The first that it installs is its own pinned version: the one that comes with Python looks twice as long for the rest.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Four at once, for most of the time goes into waiting and small files; the lock names all, so nothing is to be resolved.
define install
awk '/^[a-z]/ { n = (n + 1) % 4 } !/^#/ { print > ("$(VENV)/requirements-" n ".txt") }' $(1)
ls $(VENV)/requirements-*.txt | xargs -P 4 -n 1 $(PIP) --no-deps --require-hashes $(2) -r
rm $(VENV)/requirements-*.txt
endef
# What the product needs is in requirements.txt; what its tests need as well is in requirements-test.txt, a superset, of
# which so little is imported that it is compiled when it is.
TEST_STAMP := $(VENV)/.installed-for-tests

# Whoever reads on after the demo asks what if and verifies contracts.
PRODUCT := mocks integration verify whatif fast install
WORKSHOP := postgres events observability virtual cluster load test lint lock

# Dozens of processes import the same modules: they are compiled once, even where images tell Python not to keep that.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test lint bench docs lock clean

help:
	@echo "make setup  install all that the others need, into .venv"
	@echo "make demo   set up, rehearse a quarter-end and read the verdict"
	@echo "make test   set up and run all tests"
	@echo "make lint   ruff, mypy, the rules between rooms"
	@echo "make bench  measure: rates and ratios, never pass or fail"
	@echo "make docs   regenerate what is generated: charts, references"
	@echo "make lock   resolve the requirements anew"

$(STAMP): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed; this is " + sys.version.split()[0] + ". Choose one with: make PYTHON=python3.12")'
	@echo "installing into $(VENV), some minutes"
	$(PYTHON) -m venv $(VENV)
	sed -n '/^pip==/,/[^\\]$$/p' requirements-test.txt | $(PIP) --require-hashes -r /dev/stdin
	$(call install,requirements.txt)
	$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

$(TEST_STAMP): requirements-test.txt $(STAMP)
	$(call install,requirements-test.txt,--no-compile)
	@touch $(TEST_STAMP)

setup: $(TEST_STAMP)

# The exit status of the demo is that of its verdict: 0 when it holds.
demo: $(STAMP)
	$(BIN)/q2c rehearse quarter_end

# Three workers on two processors: a third of the time goes into waiting for processes and clocks.
test: $(TEST_STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(TEST_STAMP)
	$(BIN)/python -m benchmarks

docs: $(TEST_STAMP)
	$(BIN)/python -m domain.charts.picture docs/charts
	$(BIN)/python -m contracts.checks.page
	$(BIN)/python -m contracts.verification.page
	$(BIN)/python -m scenarios.reference
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/consoles.py

COMPILE = $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
  --no-emit-trusted-host --no-emit-find-links --no-annotate --no-header

lock: $(TEST_STAMP)
	$(COMPILE) $(foreach extra,$(PRODUCT),--extra $(extra)) --output-file requirements.txt pyproject.toml
	$(COMPILE) $(foreach extra,$(PRODUCT) $(WORKSHOP),--extra $(extra)) --constraint requirements.txt \
	  --output-file requirements-test.txt pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
