HUB = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/edgeattn-hub

BUILD = build

.PHONY: check lint test fmt bench sizes verdicts full-size peers coverage-hub checkpoints pipelines isa emulated debian conformance kernels wheels operators tidy languages browsers faults fuzz soak documents models coverage haswell westmere draws vnni without-vnni boards devices recipes trace proof site release

check: lint test  ## what a change must pass at least; .ci/run is the gate

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

bench:  ## int8 against onnxruntime's own quantization; two minutes
	python tests/bench/bench_int8.py

verdicts:  ## whether a pass holds on inputs that it was not judged by; some minutes
	python tests/bench/bench_verdicts.py digits

proof:  ## what the verdict and golden vectors make of wrong graphs, and of right ones; twenty minutes
	python tests/proof/mutations.py

sizes:  ## the size of models with 4 and 8 bits against their cosine; some minutes
	python tests/bench/bench_sizes.py sentence --picture docs/sizes.svg
	python tests/bench/bench_sizes.py digits keywords story

trace:  ## planted faults in the reference models, and which module is named first; twenty minutes
	python tests/bench/bench_trace.py

full-size:  ## time and memory of exports at full size: ViT-S, Whisper-tiny, BERT-base, GPT-2; ten minutes
	python tests/bench/bench_full_size.py

peers:  ## against the peers, each in a virtual environment of its own; the first time takes two hours
	python tests/bench/bench_peers.py

coverage-hub:  ## every family of timm and transformers, small and random; an hour, in an environment of its own
	python -m venv $(HUB)/venv
	$(HUB)/venv/bin/pip install --quiet --editable '.[dev]'
	$(HUB)/venv/bin/python tests/coverage/hub_table.py --results $(HUB)/results

checkpoints:  ## checkpoints of each kind, trained and exported by one line each; thirty minutes, in an environment of its own
	python -m venv $(HUB)/venv
	$(HUB)/venv/bin/pip install --quiet --editable '.[dev]' num2words
	$(HUB)/venv/bin/python tests/bench/bench_checkpoints.py

pipelines:  ## what bundles of such checkpoints answer, and transformers' own pipelines; thirty minutes, in an environment of its own
	python -m venv $(HUB)/venv
	$(HUB)/venv/bin/pip install --quiet --editable '.[dev]' num2words
	$(HUB)/venv/bin/python tests/bench/bench_pipelines.py

isa:  ## the same answers on emulated CPUs, x86 without VNNI and with it, and arm64; Linux on x86-64 with apt, ten minutes
	python tests/isa/saturating_kernel.py
	python tests/isa/same_answer.py

debian:  ## the first commands of README.md by an ordinary user of a bare Debian 12 and 13; as root with debootstrap, an hour
	python tests/install/debian.py bookworm trixie

conformance:  ## every runtime against the conformance cases, built first; five minutes
	python runtime/conformance/table.py

kernels:  ## the wheel of runtime/kernels, built and installed in a folder of its own, and its tests; five minutes
	.ci/kernels "$$(mktemp -d)"

wheels:  ## the wheels of runtime/kernels for Linux on x86-64 and arm64, each in an empty environment; three minutes
	.ci/kernel-wheels "$$(mktemp -d)"

operators:  ## the kernels with the shapes of MiniLM on this CPU, beside its peak and beside onnxruntime's own; a minute
	build=$$(runtime/kernels/compile tests -DEDGEATTN_KERNELS_BENCH=ON) && "$$build/bench_encoder_layer" && \
	python tests/bench/bench_kernels_operators.py "$$build/libedgeattn_kernels.so"

tidy:  ## clang-tidy over runtime/kernels and the C API of runtime/cpp; two minutes
	.ci/tidy

languages:  ## the tests of runtime/cpp, web, rust, swift and android, built first; ten minutes
	pytest tests/runtime/cpp tests/runtime/web tests/runtime/rust tests/runtime/apps

faults:  ## hosts, workers, devices, schedulers and what replaces a bundle, killed; four minutes
	pytest tests/edgeattn/sweep/faults tests/edgeattn/devices/faults tests/edgeattn/partitions/faults

fuzz:  ## what readers make of bytes by libFuzzer, in Python, C++ and TypeScript; FUZZ="30m --each" for longer; five minutes
	python tests/fuzz/run.py $(or $(FUZZ),5m)

soak:  ## bad inputs, faults, long life and threads in one table, SOAK=30m or less; FUZZED=counts.json adds fuzzers' counts
	python tests/soak/soak.py $(or $(SOAK),30m) $(addprefix --fuzzed ,$(FUZZED))

browsers:  ## bundles in Node and in Chromium, served and opened as on a phone; three minutes, after edgeattn targets --install web
	pytest tests/web

documents:  ## the commands of README.md, docs/ and the other pages, as they stand there, and what pages promise of all commands; the site; ten minutes
	pytest tests/documents/run tests/documents/site --dist worksteal -o faulthandler_timeout=2700  # a page is one test

site:  ## the pages and a gallery of the reference models as a site, in build/site; the first time 15 minutes, MODELS="digits series" one
	python docs/site/bundles.py $(BUILD)/bundles $(MODELS)
	rm -rf $(BUILD)/site
	sphinx-build --quiet --fresh-env --fail-on-warning --keep-going --conf-dir docs/site --doctree-dir $(BUILD)/doctrees \
	  --define gallery_bundles=$(abspath $(BUILD))/bundles . $(BUILD)/site

release:  ## every package that Linux builds, from the last commit into dist/, each tried in an empty folder; nothing is tagged; an hour
	.ci/release $(MODELS)

models:  ## reference models exported by commands, and used as apps do: they play, listen, write; transformers' decoders; six minutes
	pytest tests/models/used tests/generation

coverage:  ## every form of attention in docs/coverage.md, exported whole; five minutes
	pytest tests/coverage --dist worksteal

emulated:  ## the same answers of digits on emulated CPUs; two minutes
	python tests/isa/same_answer.py digits

boards:  ## docs/boards.md with Debian's packages on four emulated boards, in Python and C++; fifteen minutes
	python tests/isa/boards.py

devices:  ## digits by export, bench and sweep --on three devices, one of them an emulated arm64; ten minutes
	python tests/isa/three_devices.py

recipes:  ## a model that two emulated CPUs want in different recipes: export --on both; five minutes
	python tests/isa/other_recipe.py

haswell:  ## sums of products in 16 bits, and the tests of numbers, on an emulated CPU without VNNI; ten minutes
	python tests/isa/saturating_kernel.py
	python tests/isa/older_x86.py haswell

westmere:  ## the tests of numbers on an emulated CPU without AVX
	python tests/isa/older_x86.py westmere

draws:  ## the tests of numbers under draws 1 to 10, which stand for other machines; forty minutes, DRAWS="3 4" for fewer
	failed=0; for draw in $(or $(DRAWS),1 2 3 4 5 6 7 8 9 10); do \
	  pytest -m drawn --draw $$draw tests/export tests/runtime || failed=1; \
	done; exit $$failed

vnni:  ## the kernels on emulated CPUs with AVX-512 and VNNI, with AVX-VNNI, with AVX-512 alone, and on arm64; twelve minutes
	python tests/isa/kernels_arm64.py
	python tests/isa/kernels_x86.py $(VNNI)

without-vnni:  ## tests, then int8 against float, with VNNI hidden, at full speed; on Intel CPUs with Linux
	python tests/isa/without_vnni.py pytest
	python tests/isa/without_vnni.py python tests/bench/bench_int8.py
