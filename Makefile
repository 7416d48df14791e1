.PHONY: check lint test fmt bench

check: lint test  ## what CI runs

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

test:
	pytest

fmt:
	ruff check --fix .
	ruff format .

bench:  ## int8 against onnxruntime's own quantization, and the time per token; three minutes
	python tests/bench/bench_int8.py
	python tests/bench/bench_generation.py
