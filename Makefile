# Works with GNU make 3.81 (macOS), as root or not, in a path with spaces.
SHELL := /bin/bash
BIN := .venv/bin
# a file's tests share what they start; the unit tests' files come first, and stay first
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --only-binary :all: \
	--no-annotate --no-header --python-version 3.11 pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install demo up test check bench openapi facts schemas lock clean local dev

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

install: local ## make .venv with all that Palatine needs to run

demo: local ## show the whole road with a sample app; leaves nothing behind
	@$(BIN)/palatine demo

up: local ## run Palatine here until Ctrl-C; prints its address and a token
	@exec $(BIN)/palatine up

test: dev ## run every test; installs PostgreSQL, Redis and Docker for some, where it may
	@setup/services.sh
	@$(BIN)/pytest $(PYTEST_ARGS)

check: dev ## lint, format, types, and which part may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: dev ## print the ratios of every command in bench/
	@for command in bench/*.py; do echo "$$command"; $(BIN)/python "$$command" || exit 1; done

openapi: local ## write openapi/openapi.json anew
	@$(BIN)/palatine openapi > openapi/openapi.json.new
	@mv openapi/openapi.json.new openapi/openapi.json

facts: dev ## write localaws/FACTS.md anew, from the tests that hold the local AWS to AWS
	@PALATINE_GOLDEN=write $(BIN)/pytest tests/conformance/test_ledger.py

schemas: dev ## write localaws/cloudformation/schemas/ anew, from the schemas in cfn-lint
	@PALATINE_GOLDEN=write $(BIN)/pytest tests/localaws/test_resource_schemas.py

lock: dev ## pin the dependencies of pyproject.toml anew, by hash, for every platform
	@$(LOCK) --upgrade --extra local --group build --group dev -o requirements/dev.txt
	@$(LOCK) -c requirements/dev.txt --extra local --group build -o requirements/local.txt
	@$(LOCK) -c requirements/dev.txt -o requirements/runtime.txt

clean: ## remove .venv and everything that was generated
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

local dev:
	@setup/venv.sh $@
