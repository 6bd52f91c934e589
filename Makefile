# Passline. `make demo` shows the whole loop, `make test` proves it; both set up what they need.
#
#   make demo                                     the story, with the screen on http://127.0.0.1:8000
#   make demo ARGS="--headless --parts 400"       the story without the screen
#   make test                                     all tests; says what it skipped and what enables it
#   make check                                    what CI runs: format, lint, types, contracts, tests
#   make bench                                    the line beside a bare onnxruntime loop

ARGS ?=
UV := $(shell command -v uv)
ifeq ($(UV),)
UV := .uv/bin/uv
endif
RUN := $(UV) run --frozen --no-sync

.PHONY: demo test check format lint types contracts bench setup setup-demo

demo: setup-demo
	$(RUN) passline demo $(ARGS)

test: setup
	$(RUN) pytest $(ARGS)

check: format lint types contracts test

format: setup
	$(RUN) ruff format --check .

lint: setup
	$(RUN) ruff check .

types: setup
	$(RUN) basedpyright

contracts: setup
	$(RUN) lint-imports

bench: setup
	$(RUN) python benchmarks/line.py $(ARGS)
	$(RUN) python benchmarks/camera_path.py
	$(RUN) python benchmarks/camera_worker.py
	$(RUN) python benchmarks/pixels.py

setup: $(UV)
	$(UV) sync --frozen --quiet --all-extras

setup-demo: $(UV)
	$(UV) sync --frozen --quiet --inexact --extra training

# uv comes from the package index where it is missing: in a venv, or beside one where the system's
# Python has no venv (Debian's python3-venv).
.uv/bin/uv:
	@python3 -m venv .uv && .uv/bin/pip install --quiet uv \
	    || python3 -m pip install --quiet --target .uv uv \
	    || { echo "uv is missing and could not be installed: apt-get install python3-venv"; exit 1; }
