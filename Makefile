# Every target makes what it needs first; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test test-full mutants screenshots check bench format lock schemas sbom audit clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed ## Make .venv with the locked dependencies and the program

demo: $(VENV)/.installed ## Tell the whole story on a generated district, with nothing else installed
	$(BIN)/rostering demo

test: $(VENV)/.installed-dev ## Run every test; installs the servers and tools they need where it may
	tests/install_servers.sh
	$(BIN)/python -m pytest -n 3 --dist worksteal --hypothesis-profile usual

test-full: $(VENV)/.installed-dev ## The storms at full size and more of the model, about forty minutes
	tests/install_servers.sh
	$(BIN)/python -m pytest -m full
	TRY_ALL=1 MODEL_EXAMPLES=150 $(BIN)/python -m pytest tests/model --timeout=1200
	TRY_ALL=1 $(BIN)/python -m pytest tests/properties tests/suggest tests/mistakes tests/browser \
		--hypothesis-profile thorough --timeout=1200

MUTANTS ?= 60
SEED ?= 1
ONLY ?=
GROUP ?=
JOBS ?= 2
mutants: $(VENV)/.installed-dev ## Put 60 small faults into a copy, one at a time; the tests must notice 95 %; up to an hour
	tests/install_servers.sh
	$(BIN)/python -m tests.mutants --mutants $(MUTANTS) --seed $(SEED) --jobs $(JOBS) --only "$(ONLY)" --group "$(GROUP)"

screenshots: $(VENV)/.installed-dev ## Photograph every page of the console into screenshots/, to be looked at
	tests/install_servers.sh
	SCREENSHOTS=screenshots $(BIN)/python -m pytest tests/browser/test_every_page.py

check: $(VENV)/.installed-dev ## Format, lint, types, import contracts, generated files, the fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.export --check
	$(BIN)/python -m config.definitions --check
	$(BIN)/python -m pytest tests/unit tests/properties tests/repository

bench: $(VENV)/.installed-dev ## Run the benchmarks, as ratios measured in one run
	tests/install_servers.sh
	$(BIN)/python -m benchmarks

format: $(VENV)/.installed-dev ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

schemas: $(VENV)/.installed ## Write schemas/json and the broker's definitions anew from what they are made of
	$(BIN)/python -m schemas.export
	$(BIN)/python -m config.definitions

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --output-file requirements.lock --extra build pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --output-file requirements-dev.lock --extra build --extra dev pyproject.toml

sbom: $(VENV)/.installed-dev ## Write sbom.json: what a worker is made of, from the lock file (CycloneDX)
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --output-file sbom.json \
		requirements.lock

audit: $(VENV)/.installed-dev ## Ask a vulnerability service about every locked dependency; needs the internet
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
