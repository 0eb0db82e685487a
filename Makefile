# The two set-up commands are `make demo` and `make test`; they need Python 3.11, 3.12 or 3.13 and nothing else.
# Environments live in .venv* and are rebuilt when pyproject.toml or the constraints change.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
# one thread per numerical library: two cores shared by eight threads are slower than one
export OMP_NUM_THREADS = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# bytecode is kept: the suite starts hundreds of processes, and each would compile some four hundred modules anew
unexport PYTHONDONTWRITEBYTECODE

# the first interpreter that is new enough and can make virtual environments; PYTHON=… overrides
CAN_MAKE_VENV := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	if "$$python" -c '$(CAN_MAKE_VENV)' >/dev/null 2>&1; then command -v "$$python"; break; fi; done)

# whole files of tests side by side, for a file shares what it has computed, in the order that tests/conftest.py gives;
# PARALLEL= runs them one after the other
PARALLEL ?= --numprocesses auto --dist loadfile --no-loadscope-reorder
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test lint types fix docs readme bench bench-peers bench-sweep bench-monte-carlo wheel-smoke test-lowest lock clean python

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "stratkit needs Python 3.11, 3.12 or 3.13 with the venv module; none was found."; \
		for python in python3 python3.13 python3.12 python3.11 python; do \
			if command -v "$$python" >/dev/null; then \
				echo "  found $$(command -v $$python): $$($$python -c 'import sys; print(sys.version.split()[0])' 2>&1 | tail -1)"; \
			fi; done; \
		echo "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13;"; \
		echo "or python.org), or name it: make demo PYTHON=/path/to/python3.12"; \
		exit 1; \
	fi

$(VENV)/made: | python
	"$(PYTHON)" -m venv $(VENV)
	@touch $@

$(VENV)/stratkit: $(VENV)/made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable . --constraint constraints.txt
	@touch $@

# the larger environments hold the smaller ones, and are installed in one go
$(VENV)/test: $(VENV)/made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable '.[test]' --constraint constraints.txt
	@touch $(VENV)/stratkit $@

$(VENV)/dev: $(VENV)/made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]' --constraint constraints.txt
	@touch $(VENV)/stratkit $(VENV)/test $@

demo: ## install, replay a strategy on the bundled bars, say where the report is
	@set -e; began=$$(date +%s); \
	$(MAKE) --no-print-directory $(VENV)/stratkit; \
	$(BIN)/stratkit backtest $(ARGS); \
	echo "demo: done in $$(( $$(date +%s) - began )) s, installation included"

test: ## install what the tests need, run the whole suite (ARGS='-k name' for a part of it)
	@set -e; began=$$(date +%s); \
	$(MAKE) --no-print-directory $(VENV)/test; \
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS); \
	echo "test: done in $$(( $$(date +%s) - began )) s, installation included"

lint: $(VENV)/dev ## style, unused code, undeclared dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/vulture
	$(BIN)/deptry stratkit

fix: $(VENV)/dev ## what lint can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/dev ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/stratkit ## write the generated reference pages
	$(BIN)/python docs/tools/docs_reference.py

readme: $(VENV)/stratkit ## write the true output under every command shown in README and docs
	$(BIN)/python docs/tools/docs_examples.py --update

bench: $(VENV)/test ## speed against a bare compiled loop
	$(BIN)/python benchmarks/bench.py $(ARGS)

bench-peers: $(VENV)/test ## speed against public peers, in an environment of their own
	@[ -x .venv-peers/bin/python ] || "$(PYTHON)" -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --requirement benchmarks/peers/requirements.txt
	$(BIN)/python benchmarks/bench.py --peers .venv-peers/bin/python $(ARGS)

bench-sweep: $(VENV)/test ## speed of sweeps against a bare loop, and vectorbt where bench-peers has installed it
	$(BIN)/python benchmarks/sweep.py --peers .venv-peers/bin/python $(ARGS)

bench-monte-carlo: $(VENV)/test ## speed of resampled paths against a bare loop, numpy and arch
	$(BIN)/python benchmarks/monte_carlo.py $(ARGS)

wheel-smoke: $(VENV)/dev ## build the wheel and use it in a clean environment outside the checkout
	.ci/wheel-smoke $(BIN)/python $(ARGS)

test-lowest: | python ## the suite on the oldest dependencies that pyproject.toml allows
	[ -x .venv-lowest/bin/python ] || "$(PYTHON)" -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable '.[test]' --constraint constraints-lowest.txt
	.venv-lowest/bin/python -m pytest -p no:cacheprovider $(ARGS)

lock: | python ## renew constraints.txt with the newest versions that pyproject.toml allows
	rm -rf .venv-lock
	"$(PYTHON)" -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet '.[test,dev]'
	(head -1 constraints.txt; .venv-lock/bin/python -m pip freeze | grep -v '^stratkit') > .venv-lock/constraints.txt
	mv .venv-lock/constraints.txt constraints.txt
	rm -rf .venv-lock

clean: ## remove environments, caches and what was built; runs in reports/ stay
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
