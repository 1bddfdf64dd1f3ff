# Each command sets itself up in .venv: nothing but Python 3.11 or newer and the package index is needed.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: help demo test lint upstream bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    train a network on handwritten digits and show what it learned"
	@echo "make test    run the tests; some of them: make test ARGS='tests/engine -x'"
	@echo "make lint    style, types, layering and sizes"
	@echo "make upstream  run the tests in Keras' wheel against Tricera (an hour); some: make upstream ARGS=losses"
	@echo "make bench   time Tricera beside its peers, where they are installed in .venv"
	@echo "make clean   remove .venv, caches and build products"
	@echo "Another Python: make demo PYTHON=python3.12"

demo: .venv/demo.stamp
	@$(BIN)/python examples/mnist_cnn.py $(ARGS)

test: .venv/test.stamp
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: .venv/test.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python tools/layering.py
	@$(BIN)/python tools/sizes.py

upstream: .venv/test.stamp
	@$(BIN)/python -m tests.upstream $(ARGS)

bench: .venv/bench.stamp
	@$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf .venv .cache .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo.stamp: EXTRAS = demo
.venv/test.stamp: EXTRAS = test,demo
.venv/bench.stamp: EXTRAS = bench

.venv/%.stamp: pyproject.toml | .venv/bin/python
	@echo "Setting up .venv for [$(EXTRAS)]; this takes a minute or two, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 11) else \
	"Tricera needs Python 3.11 or newer; $(PYTHON) is " + v + ". Name another: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv
