# Everything is prepared in .venv/ at the root; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
FRONT := src/sightline/pages/static/build/.ready
HOST ?= 127.0.0.1
PORT ?= 4318
TEST_PROCESSES ?= 2

.PHONY: help setup demo test check format bench clean
help:            ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## / \t/'

$(STAMP): pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sightline needs Python 3.11 or later, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[server,postgres,oidc]" --group dev
	@touch $@

$(FRONT): $(STAMP) $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null) sdk-js/src/widget.ts
	$(BIN)/python frontend/build.py
	@touch $@

setup: $(STAMP) $(FRONT)  ## prepare .venv and the front end

demo: setup      ## start the server and fill it with a lively system
	$(BIN)/sightline demo --host $(HOST) --port $(PORT)

test: setup      ## run the tests, in TEST_PROCESSES at once
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

check: setup     ## lint, types, formats
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/python frontend/build.py --check
	$(BIN)/python sdk-js/build.py --check
	$(BIN)/sqlfluff lint --disable-progress-bar src

format: setup    ## format the code
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/python frontend/build.py --format
	$(BIN)/python sdk-js/build.py --format
	$(BIN)/sqlfluff fix --disable-progress-bar src

clean:           ## remove what was prepared and built
	rm -rf $(VENV) frontend/node_modules src/sightline/pages/static/build \
	  sdk-js/node_modules sdk-js/dist sdk-js/build
