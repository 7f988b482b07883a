# Every target sets .venv up by itself: with uv when it is on PATH, else with venv and pip,
# and either way at the exact versions in constraints.txt.

PYTHON ?= python3
ARGS   ?=

VENV      := .venv
BIN       := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UV        := $(shell command -v uv 2>/dev/null)
INSTALL   := --constraint constraints.txt --build-constraint constraints.txt --group dev --editable '.[gif,live]'
PYTEST    := $(BIN)/python -m pytest
JS_TESTS  := $(wildcard tests/*.test.js tests/*/*.test.js)

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED) ## make .venv or bring it up to date; what needs it does this first

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "rollviz needs Python 3.11 or newer, and '$(PYTHON)' is not: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing into $(VENV) with $(if $(UV),uv,pip); the first time takes about a minute."
ifdef UV
	@test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV)
	@uv pip install --quiet --python $(BIN)/python $(INSTALL)
else
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@# The pip that comes with Python may not know --group and --build-constraint yet.
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --upgrade pip
	@$(BIN)/python -m pip install -qq $(INSTALL)
endif
	@touch $@

.PHONY: lab
lab: $(INSTALLED) ## open JupyterLab on the first notebook; on a server: make lab ARGS=--no-browser
	@# bin on PATH: a notebook's "!rollviz" is this one. --allow-root: Jupyter else refuses root.
	PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab --ServerApp.root_dir="$(CURDIR)" \
	  --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
	  $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

.PHONY: test
test: lint ## lint, types, then the JavaScript, Python, notebook and browser tests
ifneq ($(JS_TESTS),)
	@if command -v node >/dev/null; then node --test $(JS_TESTS); \
	else echo "JavaScript tests skipped: no node found (Debian, Ubuntu: apt-get install nodejs)"; test -z "$$CI"; fi
endif
	$(PYTEST) -n 2 --dist loadscope -m "not browser and not published" --nbval --nbval-current-env \
	  --doctest-modules rollviz tests $(wildcard notebooks)
ifneq ($(wildcard tests/browser/test_*.py),)
	$(PYTEST) -n 2 --dist worksteal -m browser tests/browser
endif

.PHONY: lint
lint: $(INSTALLED) ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

.PHONY: format
format: $(INSTALLED) ## let ruff mend and lay out the code, and strip the notebooks
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m tests.strip_notebooks

.PHONY: approve
approve: $(INSTALLED) ## take how the widgets look now for how they should: tests/browser/approved
	$(PYTEST) -m browser tests/browser/test_pictures.py --approve

.PHONY: strip
strip: $(INSTALLED) ## take out of the notebooks what git should not hold
	$(BIN)/python -m tests.strip_notebooks

.PHONY: bench
bench: $(INSTALLED) ## how fast it is, beside a yardstick
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: docs
docs: $(INSTALLED) ## build the documentation, with the reference from docstrings: build/docs
	rm -rf build/docs build/doctrees docs/modules
	$(BIN)/sphinx-apidoc -q --separate --module-first --no-toc \
	  --templatedir docs/_templates --output-dir docs/modules rollviz
	$(BIN)/sphinx-build --quiet --fail-on-warning --jobs auto --doctree-dir build/doctrees docs build/docs

.PHONY: pictures
pictures: $(INSTALLED) ## draw the pictures in README and docs anew, from the player
	$(BIN)/python -m tools.pictures

.PHONY: site
site: $(INSTALLED) ## build the course as a page that needs no server, with npm: build/site
	$(BIN)/python -m tools.site

.PHONY: published
published: docs site ## build what is published, and try it: documentation, site, Binder
	$(PYTEST) -m published tests

.PHONY: binder
binder: $(INSTALLED) ## renew binder/requirements.txt from constraints.txt
	$(BIN)/python -m tools.binder

.PHONY: pins
pins: ## renew constraints.txt from pyproject.toml, and install that
# For 3.11.0, the oldest Python supported, whichever runs this. Without uv, run it on a 3.11: pip
# takes "only before Python 3.12" from the Python that it runs on.
ifdef UV
	uv pip compile --quiet --upgrade --python-version 3.11 --no-header --no-annotate \
	  --group dev --group lite --extra gif --extra live --output-file constraints.txt pyproject.toml
else
	$(PYTHON) -m venv --clear build/pins
	build/pins/bin/python -m pip install -qq --disable-pip-version-check --upgrade pip
	build/pins/bin/python -m pip install -qq --python-version 3.11 --only-binary :all: --ignore-installed \
	  --dry-run --report build/pins/report.json --group dev --group lite --editable '.[gif,live]'
	build/pins/bin/python -c 'import json, re; \
	  report = json.load(open("build/pins/report.json")); \
	  found = [p["metadata"] for p in report["install"] if not p["is_direct"]]; \
	  pins = sorted((re.sub("[-_.]+", "-", p["name"]).lower(), p["version"]) for p in found); \
	  print(*map("==".join, pins), sep="\n")' > constraints.txt
endif
	$(MAKE) binder

.PHONY: clean
clean: ## remove .venv and everything else that make made
	rm -rf $(VENV) build dist docs/modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
