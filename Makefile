# `make demo` and `make test` set up everything on a machine that has Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CIFAR10 ?=
SECONDS ?= 600
# The rooms are linted by the names that they are imported under.
CODE := tfc tfc/ir tfc/passes tfc/backends tfc/runtime tests

.PHONY: demo test lint operators bench fuzz wheel clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: $(VENV)/.installed
	$(BIN)/tfc compile tfc/zoo/hybrid_small.pt2 --target stm32f746 --calib random -o build/hybrid_small
	$(BIN)/tfc run build/hybrid_small
	$(BIN)/tfc verify build/hybrid_small --samples 4

test: $(VENV)/.installed
	$(BIN)/python -m pytest tests $(if $(CIFAR10),--cifar10=$(CIFAR10))

lint: $(VENV)/.installed
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy --strict -p tfc

operators: $(VENV)/.installed
	$(BIN)/python -m pytest tests/test_operators.py --update

bench: $(VENV)/.installed
	$(BIN)/tfc bench -o docs/benchmarks.md

fuzz: $(VENV)/.installed
	$(BIN)/tfc fuzz --seconds $(SECONDS)

wheel: $(VENV)/.installed
	$(BIN)/python -m build --wheel --outdir build/wheel

clean:
	rm -rf build $(VENV)
