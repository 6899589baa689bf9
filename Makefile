# make run | test | lint | bench; everything else is in README.md.
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 3978

.PHONY: run test lint bench format

.venv/.installed: pyproject.toml constraints.txt
	@for p in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { chosen=$$p; break; }; \
	done; [ -n "$$chosen" ] || { echo "Amends needs Python 3.11, 3.12 or 3.13; none was found."; exit 1; }; \
	"$$chosen" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: .venv/.installed
	@$(BIN)/amends run --port $(PORT)

test: .venv/.installed
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed
	$(BIN)/python benchmarks/ack.py
