# Needs Python 3.11 or newer, nothing else: `make run`, `make test`, `make lint`, `make bench`, `make calibrate`, `make readme`.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(shell $(name) -c 'import sys; print("$(name)" * (sys.version_info >= (3, 11)))' 2>/dev/null)))
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: run test lint bench calibrate readme chromium

run: $(INSTALLED)/run
	@$(BIN)/heatcheck

# Two processes of one thread each: small passes gain more from that than from a second thread.
SIDE_BY_SIDE := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist worksteal

test: $(INSTALLED)/test chromium
	$(SIDE_BY_SIDE) -m "not browser and not alone"
	$(SIDE_BY_SIDE) -m "browser and not alone" tests/browser
	$(BIN)/pytest -m alone tests/browser tests/dashboard/explain

lint: $(INSTALLED)/lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED)/bench
	$(BIN)/python tests/benchmarks

# Minutes a small network, an hour a photo network; some only: `make calibrate NETWORKS="fashion_cnn --fast"`.
calibrate: $(INSTALLED)/run
	PYTHONPATH=tests $(BIN)/python -m calibration $(NETWORKS)

readme: $(INSTALLED)/run
	$(BIN)/python tests/test_readme.py

# Python compiles what is imported when it first is, and keeps it: pip would compile four times as many files, which takes
# as long as the rest of the installation.
unexport PYTHONDONTWRITEBYTECODE

# The extra of pyproject.toml that has the target's name; `run` has none and takes the product alone.
$(INSTALLED)/%: pyproject.toml
	@test -n "$(PYTHON)" || { echo "HeatCheck needs Python 3.11 or newer; install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable ".$(if $(filter run,$*),,[$*])"
	@mkdir -p $(INSTALLED) && touch $@

# The browser tests drive any Chromium or Chrome; on Debian as root it is fetched, with the form that has no window, in
# which a page takes a tenth less time.
chromium:
	@for browser in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do \
		command -v "$$browser" >/dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-headless-shell; \
	else \
		echo "The browser tests need Chromium or Chrome: install one of them, then run make test again." >&2; exit 1; \
	fi
