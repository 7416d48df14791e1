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

bench:  ## MiniLM-L6 in int8, against onnxruntime's own quantization; about two minutes
	python tests/bench/bench_int8.py
