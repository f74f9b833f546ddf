.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
# The Java that `make setup` chose, for programs that start one themselves (the mini cluster).
JAVA_HOME ?= $(realpath .run/java)
export JAVA_HOME

.PHONY: help setup test-setup check test faults soak test-cluster demo simulate fuzz mutate sbom bench \
	image-layout image-test dashboards clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: .venv, a JDK and Maven where apt can, jars
	@setup/python.sh
	@setup/java.sh
	@setup/jars.sh jars/flink/pom.xml .run/jars
	@setup/jars.sh jars/broker/pom.xml .run/broker-jars

# What tests of manifests, alerts and roles need, and no program.
test-setup: setup
	@setup/kustomize.sh
	@setup/wheels.sh hadolint setup/hadolint.lock
	@setup/promtool.sh
	@setup/wheels.sh postgres setup/postgres.lock

check: setup ## Format, lint, types, import contracts, sizes, security
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) tests/law/sizes.py
	@.venv/bin/bandit --quiet -c pyproject.toml -r schemas udfs iceberg audit jobs benchmarks setup.py
	@$(PYTHON) -m tests.law.secrets

test: check test-setup ## All checks, then all tests but those of `make faults`
	@$(PYTHON) -m tests.run_tests

SEED ?= 1
FAULTS ?=
faults: test-setup ## Harm real processes in many ways and judge the figures, then the slowest tests: SEED=7 FAULTS="kill-kafka poison"
	@$(PYTHON) -m tests.faults --seed $(SEED) $(if $(FAULTS),--fault $(FAULTS))
	@$(PYTHON) -m tests.faults --seed $(SEED) --planted all
	@$(PYTHON) -m tests.faults.reporting
	@$(PYTHON) -m pytest -m "slow and not cluster"

test-cluster: test-setup ## Try the manifests on a real Kubernetes API without nodes, built from source (minutes)
	@setup/control_plane.sh
	@$(PYTHON) -m pytest -m cluster tests/cluster

MINUTES ?= 20
soak: setup ## A steady load with a fault now and then: memory and state stay flat: MINUTES=5
	@$(PYTHON) -m tests.faults.soak --minutes $(MINUTES)
	@$(PYTHON) -m tests.faults.reporting

demo: setup ## Meter a real year of departures: Kafka, Flink, Iceberg, on this machine
	@$(PYTHON) -m jobs.demo

SEEDS ?= 1-100
simulate: setup ## Simulate metering under faults and audit every row: SEEDS=1-300
	@$(PYTHON) -m tests.simulation --seeds $(SEEDS)

SECONDS ?= 600
fuzz: setup ## Fuzz records, terms, state and configuration, guided by coverage: SECONDS=600
	@setup/wheels.sh atheris setup/fuzz.lock
	@$(PYTHON) -m tests.fuzz --seconds $(SECONDS)

MODULES ?=
mutate: setup ## Change the money code bit by bit: tests notice each, or it is judged: MODULES=udfs/rounding.py
	@PYTHONHASHSEED=0 $(PYTHON) -m tests.mutation $(MODULES)

sbom: setup ## Write the bill of materials (CycloneDX) of all packages and jars to .run/sbom.cdx.json
	@$(PYTHON) -m jobs.write_sbom --out .run/sbom.cdx.json

bench: setup ## Measure the speed of the whole job
	@$(PYTHON) -m benchmarks

image-layout: setup ## Build what the images have into .run/image, by the Dockerfile's steps
	@k8s/image/layout.sh stream .run/image/stream
	@k8s/image/layout.sh batch .run/image/batch

image-test: test-setup ## Run the job and its programs from those folders as the manifests say; as root
	@$(PYTHON) -m pytest -m slow tests/k8s

dashboards: test-setup ## Draw the dashboards of a recorded scrape into docs/dashboards
	@$(PYTHON) -m tests.dashboards.draw_panels

clean: ## Remove all that was made here: .venv, .run, caches
	rm -rf .venv .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
