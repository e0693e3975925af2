# `make drill` and `make test` need Python 3.11 to 3.14 and make; all else they get themselves, into .venv.
# ARGS is passed on: make drill ARGS="--system metis", make test ARGS="-k judge".

MAKEFLAGS += --no-print-directory
# Compiled once, not by every test that starts a command.
unexport PYTHONDONTWRITEBYTECODE
RECORDINGS = scenarios/recordings
SECONDS = 60
UV_VERSION := 0.13.8
PYTEST = .venv/bin/pytest --quiet
# Many tests wait for servers, so there are more processes than cores.
SPREAD = --dist loadfile --no-loadscope-reorder --numprocesses 3
# A pause of the machine fails a test that waits, and it is shown above. What is broken fails again, and ends it.
AGAIN = echo "== Tests failed beside others: each is asked once more, alone"; $(PYTEST) --last-failed --last-failed-no-failures none --maxfail 1
# Tests that hold drills, or send traffic at its instants, stand in tests/live.
CHECKED = --ignore tests/live -m "not alike and not browser and not network and not oldest and not slow" --hypothesis-profile few $(ARGS)
COMPILE = out/lock/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(ARGS)

.PHONY: help drill gate record check test fuzz bench lint generate docs lock clean
.DEFAULT_GOAL := help

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 8

drill: ## Hold the drills: make drill ARGS="metis-auth-fires --speed 60"
	@./bootstrap.sh runtime
	@.venv/bin/alertdrill run $(ARGS)

gate: ## Judge the rules as they now stand on the golden recordings: no stack, no traffic, seconds
	@./bootstrap.sh runtime
	@.venv/bin/alertdrill run --replay $(RECORDINGS) --out out/gate $(ARGS)

# Two drills want a low speed, two a cluster of Alertmanagers, and one wants containers.
record: ## Make the golden recordings anew: every drill is held once
	@./bootstrap.sh runtime
	@.venv/bin/alertdrill run --keep-recordings $(RECORDINGS) $(ARGS)
	@.venv/bin/alertdrill run --keep-recordings $(RECORDINGS) inference-latency-near-threshold gatewayz-errors-after-outage
	@.venv/bin/alertdrill run --keep-recordings $(RECORDINGS) --alertmanagers 2 paging-pair paging-pair-one-killed
	@.venv/bin/alertdrill run --keep-recordings $(RECORDINGS) --stack compose gatewayz-provider-disconnected

# The gate is among them: tests/project/test_recordings.py. What is left out besides live stacks, `make test` runs.
check: lint ## Check style and types, and run the tests that need no live stack, on the newest engines: before every commit
	@$(PYTEST) $(SPREAD) $(CHECKED) || if test $$? = 1; then $(AGAIN) $(CHECKED); else exit 2; fi

test: lint ## Check style and types, then run all tests; EVERY=1 holds every drill on every kind of stack
ifdef ARGS
	@$(PYTEST) $(ARGS)
else
	@.venv/bin/python tests/all_tests.py
endif

# Each fuzzer has its share of the time, and one round at least; a round of faults is a run, a minute and more.
fuzz: ## Try odd files, places to write to, requests, and faults: make fuzz SECONDS=600 ARGS="inputs --seed 7"
	@./bootstrap.sh dev
	@.venv/bin/python -m fuzz --seconds $(SECONDS) $(ARGS)

bench: ## Measure replays, dilation, traffic, and the gateway beside its peers; write docs/reference/benchmarks*.md
	@./bootstrap.sh runtime
	@.venv/bin/python -m benchmarks
	@.venv/bin/python -m benchmarks.sending
	@.venv/bin/python -m benchmarks.gateway

lint: ## Check style and types
	@./bootstrap.sh dev
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

generate: ## Write anew what is made of values, panels and code: rules, dashboards, deploy/kubernetes, docs/reference
	@./bootstrap.sh dev
	@.venv/bin/python -m alertdrill.systems.grafana examples/litellm examples/nightly examples/sglang-router
	@.venv/bin/python -m alertdrill.stacks.kubernetes
	@.venv/bin/python -m docs_generator

docs: ## Build the manual, out/docs/index.html; a link that leads nowhere fails it
	@./bootstrap.sh dev
# --quiet would swallow the warnings that --strict counts.
	@.venv/bin/mkdocs build --strict

# Both locks hold hatchling, which builds the editable install. Existing pins stay, unless ARGS=--upgrade.
lock: ## Write requirements*.txt anew from pyproject.toml
	@python3 -m venv out/lock
	@out/lock/bin/pip install --quiet uv==$(UV_VERSION)
	@echo hatchling | $(COMPILE) --output-file requirements.txt pyproject.toml -
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## Remove .venv, caches and what the drills wrote
	@rm -rf .venv out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
