# make run | test | lint | bench | soak; everything else is in README.md.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 3978
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test lint bench soak malformed format

# What the bot needs to run; `.venv/.dev` adds what its tests need.
.venv/.run: pyproject.toml constraints.txt
	@for p in $(PYTHON) python3.13 python3.12 python3.11; do \
	  "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { chosen=$$p; break; }; \
	done; [ -n "$$chosen" ] || { echo "Amends needs Python 3.11, 3.12 or 3.13; none was found. Say: make run PYTHON=/path/to/python3"; exit 1; }; \
	"$$chosen" -m venv .venv
	@echo "Installing Amends into .venv (once; about a minute) …"
	@$(PIP) -e .
	@touch $@

.venv/.dev: .venv/.run
	@$(PIP) -e '.[dev]'
	@touch $@

run: .venv/.run
	@$(BIN)/amends run --port $(PORT)

test: .venv/.dev
	$(BIN)/python -m pytest -n 2 $(ARGS)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	$(BIN)/python benchmarks/ack.py
	$(BIN)/python benchmarks/publish.py
	$(BIN)/python benchmarks/remind.py
	$(BIN)/python -m benchmarks.faults

# Kills, zombies, restarts and partitions for an hour or two; the result in docs/soak.md.
soak: .venv/.dev
	AMENDS_SOAK_REQUESTS=10000 $(BIN)/python -m pytest tests/stories/test_once.py -n0 -o timeout=7200
	AMENDS_SOAK_REPLICAS=8 AMENDS_SOAK_POSTS=100000 $(BIN)/python -m pytest tests/stories/test_soak.py -k servers -n0 -o timeout=7200
	AMENDS_SOAK_POINTS=1 $(BIN)/python -m pytest tests/stories/test_kill.py -n0 -o timeout=600
	AMENDS_SOAK_INCIDENTS=10000 $(BIN)/python -m pytest tests/stories/test_thirty_days.py -k 2-Australia -n0 -o timeout=7200
	AMENDS_SOAK_EXAMPLES=500 $(BIN)/python -m pytest tests/stories/test_any_order.py -n0 -o timeout=7200
	$(BIN)/python -m tests.soak $(ARGS)

# Fifty thousand bad requests at both doors; a few thousand of them are in `make test`.
malformed: .venv/.dev
	$(BIN)/python -m benchmarks.malformed
