.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup check test demo bench verify-all docs lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: ## Install what is missing: packages, .venv, Docker, lab images, QEMU and libvirt
	@.ci/setup machines

check: ## Lint, types and every test that needs no Docker (under two minutes)
	@.ci/setup venv
	@.ci/one-at-a-time .ci/check unit

test: ## Set up all it needs, then run the whole suite with real Docker and virtual machines
	@.ci/setup machines
	@.ci/one-at-a-time .ci/test

demo: ## Set up all it needs, then run a real assessment from start to finish
	@.ci/setup
	@.venv/bin/labctl demo

bench: ## Measure us and our peers side by side; writes benchmarks/latest.json
	@.ci/setup bench
	@.venv/bin/python -m benchmarks

verify-all: ## Run the tests that take minutes each, then prove every lab of the library
	@.ci/setup machines
	@.ci/one-at-a-time .ci/test --nightly -m nightly --no-cov
	@.venv/bin/labctl labs verify --all --seeds 3

docs: ## Renew what in docs/ is made from the code
	@.ci/setup venv
	@.venv/bin/python -m checkers.reference docs/checks.md

lock: ## Renew the lock files from pyproject.toml
	@.ci/setup venv
	@.ci/lock

clean: ## Remove what make made in this folder (.venv and caches)
	@rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.coverage .coverage.* htmlcov dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
