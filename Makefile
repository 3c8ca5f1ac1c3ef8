# Everything there is to do here; `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What `make demo` passes on. KEEP=1 leaves the servers running, BUYERS=N sets the size of the rush, ARGS is
# anything else.
DEMO_ARGS = $(if $(KEEP),--keep) $(if $(BUYERS),--buyers $(BUYERS)) $(ARGS)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[.a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: ## Install what is missing: client libraries, PostgreSQL, RabbitMQ, Redis (Debian, Ubuntu)
	@.ci/setup

.PHONY: build
build: setup ## Build weir, optimized: .build/release/weir
	swift build -c release --product weir

# What the tests need of Python, in a folder of its own.
.venv/made: .ci/requirements.txt
	@.ci/setup --with-python
	python3 -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement .ci/requirements.txt
	@touch $@

.PHONY: test
test: setup .venv/made ## Build and run all tests, one after another on shared servers, then check the imports
	swift build --build-tests
	@.ci/test
	@$(MAKE) --no-print-directory imports

# Requests made up from the OpenAPI file, sent to a server of its own for about so many seconds.
FUZZ_SECONDS = 60

.PHONY: fuzz
fuzz: setup .venv/made ## Fuzz the HTTP API with schemathesis for a minute (FUZZ_SECONDS=N)
	swift build --build-tests
	WEIR_FUZZ_SECONDS=$(FUZZ_SECONDS) .ci/test --filter FuzzTests

# The check ends in `Build complete!` even when it fails; make goes by the exit code.
.PHONY: imports
imports: setup ## Fail on an import that Package.swift does not declare
	swift build --explicit-target-dependency-import-check error

.PHONY: lint
lint: ## Fail on what swift-format would write otherwise
	swift format lint --strict --recursive Package.swift Sources Tests Topology

.PHONY: format
format: ## Let swift-format rewrite the sources
	swift format --in-place --recursive Package.swift Sources Tests Topology

.PHONY: demo
demo: build ## A rush on a private PostgreSQL and RabbitMQ (KEEP=1, BUYERS=N, ARGS="…")
	.build/release/weir demo $(DEMO_ARGS)

# The tests run some hundred histories in a debug build; these are more, in an optimized one.
SEEDS = 10000

.PHONY: simulate
simulate: build ## Run histories of crashes over servers in memory (SEEDS=N)
	.build/release/weir simulate --seeds $(SEEDS)

.PHONY: chaos
chaos: build ## Break servers and processes under load, then check the promises (MINUTES=10, SEED=N)
	swift build -c release --product weir-lab
	.build/release/weir-lab chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: bench
bench: setup ## Measure everything (about 20 minutes; let the machine rest)
	swift build -c release --product weir
	swift build -c release --product weir-lab
	.build/release/weir-lab all

# Instrumented builds get folders of their own, so that they do not throw away the ordinary one.
.PHONY: sanitize
sanitize: setup ## Run the tests under the address and the thread sanitizer
	swift test --sanitize=address --scratch-path .build-address
	swift test --sanitize=thread --scratch-path .build-thread

# Letters and digits only, because the passwords stand in URLs. A file that is there already stays.
.env: ## Random passwords for docker compose
	@umask 077; for part in DATABASE ADMIN INGRESS WORKER; do \
		echo "WEIR_$${part}_PASSWORD=$$(head -c 18 /dev/urandom | base64 | tr '+/' 'ab')"; done > $@
	@echo "$@ has the passwords; nobody else can read it, and git does not see it"

.PHONY: compose-check
compose-check: ## Check docker-compose.yml (no Docker engine needed)
	@.ci/setup --with-compose
	@export WEIR_DATABASE_PASSWORD=x WEIR_ADMIN_PASSWORD=x WEIR_INGRESS_PASSWORD=x WEIR_WORKER_PASSWORD=x; \
	compose=docker-compose; if docker compose version >/dev/null 2>&1; then compose="docker compose"; fi; \
	$$compose config --quiet
	@echo "docker-compose.yml is well-formed"

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .build-address .build-thread .venv
