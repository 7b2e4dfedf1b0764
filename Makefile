# The commands of the project. Everything is installed into .venv from exact versions; nothing else on the machine is touched.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PINS := pyproject.toml constraints.txt
# As pip does with what it installs: a server does not compile its own modules at every start, even where Python may write nothing.
COMPILE := $(BIN)/python -m compileall -q runtime

.PHONY: install serve test check docs bench flights clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make install | serve | test | check | docs | bench | flights | clean    (ARGS=... is passed on)"

install: .venv/.installed

serve: install
	$(BIN)/fieldstone serve apps/demo $(ARGS)

# A file of tests stays in one process: what its fixtures open is opened once.
test: .venv/.installed-test
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/house

docs: .venv/.installed
	$(BIN)/python -m docs.generate

# All is measured, whatever is missed; the end tells.
bench: .venv/.installed-bench
	@$(COMPILE)
	@status=0; for database in "" --postgres; do \
		$(BIN)/python -W "ignore:XDG_RUNTIME_DIR" -m bench.run $$database $(ARGS) || status=1; \
	done; $(BIN)/python -m bench.flows || status=1; exit $$status

flights: .venv/.installed-test
	$(BIN)/python -W "ignore:XDG_RUNTIME_DIR" -m packages.flights.load $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .fieldstone build dist
	find runtime tests bench docs packages apps -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# The build tools come first, pinned like all the rest, so that no build fetches its own.
.venv/.tools: constraints.txt
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Fieldstone needs Python 3.11 or later.")'
	@$(PYTHON) -m venv .venv
	@$(PIP) pip hatchling editables
	@touch $@

.venv/.installed: .venv/.tools $(PINS)
	@echo "Installing what the server needs"
	@$(PIP) --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

.venv/.installed-test: .venv/.tools $(PINS)
	@echo "Installing what the server and its tests need"
	@$(PIP) --no-build-isolation --editable '.[test]'
	@$(COMPILE)
	@touch $@ .venv/.installed

.venv/.installed-dev: .venv/.tools $(PINS)
	@echo "Installing what the server, its tests and its checks need"
	@$(PIP) --no-build-isolation --editable '.[test,dev]'
	@$(COMPILE)
	@touch $@ .venv/.installed .venv/.installed-test

.venv/.installed-bench: .venv/.tools $(PINS)
	@echo "Installing what the server, its tests and its benchmark need"
	@$(PIP) --no-build-isolation --editable '.[test,bench]'
	@$(COMPILE)
	@touch $@ .venv/.installed .venv/.installed-test
