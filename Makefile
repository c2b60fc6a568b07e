# `make demo` and `make test` work from nothing: Python 3.11 or newer, pip and make are enough.
PYTHON ?= python3
RUN = .venv/bin/python
PIP = $(PYTHON) -m pip --python .venv/bin/python --quiet --disable-pip-version-check
READY = .venv/ready

.PHONY: demo test quick browser notebooks lock clean

demo: $(READY)
	$(RUN) -m workbench demo --out out/demo

test: $(READY) browser
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -n 3 --dist worksteal  # on two cores: some tests wait for processes of their own

quick: $(READY)
	$(RUN) -m pytest -q -n 2 -m "not slow"

notebooks: $(READY)
	$(RUN) -m notebooks.make

browser:  # what the test of the report's page needs
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq install --yes chromium >/dev/null; } \
		|| echo "There is no chromium and it cannot be installed (Debian: apt-get install chromium); its tests are skipped."

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'yaosu needs Python 3.11 or newer: make PYTHON=python3.11')"
	$(PYTHON) -m venv --without-pip .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $(READY)

lock:
	$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv out
