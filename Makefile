.PHONY: check lint test fmt bench peers isa

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

peers:  ## against the peers, each in a virtual environment of its own; the first time takes two hours
	python tests/bench/bench_peers.py

isa:  ## the same answers on emulated CPUs, x86 without VNNI and arm64; Linux on x86-64 with apt, ten minutes
	python tests/isa/saturating_kernel.py
	python tests/isa/same_answer.py
