# Passline: `make demo` shows the whole loop, `make test` proves it. Both set everything up first.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
STATION := $(UV) run --frozen --quiet
ARGS ?=

.PHONY: demo test check format lint types contracts setup setup-all browser bench clean

demo: $(UV) ## the whole story on one machine: ARGS="--headless --parts 400" runs it without a screen
	$(UV) sync --frozen --quiet --extra training
	$(UV) run --frozen --no-sync passline demo $(ARGS)

test: setup ## all tests; says what it skipped and which command enables it
	$(UV) run --frozen --no-sync pytest $(ARGS)

check: format lint types contracts test ## what CI runs

format: setup
	$(UV) run --frozen --no-sync ruff format --check .

lint: setup
	$(UV) run --frozen --no-sync ruff check .

types: setup
	$(UV) run --frozen --no-sync basedpyright

contracts: setup
	$(UV) run --frozen --no-sync lint-imports

setup: $(UV)
	$(UV) sync --frozen --quiet --all-extras

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv

ifeq ($(UV),.uv/bin/uv)
else
$(UV):
endif
