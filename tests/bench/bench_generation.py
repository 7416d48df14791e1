"""Time per token that the story model writes, with about 100 and about 1,000 tokens behind it.

    python tests/bench/bench_generation.py [--threads 1] [--rounds 1000]

The int8 bundle is exported anew; both lengths are measured in one process, interleaved, by what an app calls:
`edgeattn_runtime.generate`, greedily. A text begins anew after 32 tokens; its prompt's own call is one in 33,
beyond the 90th percentile. Prints the median and the 90th percentile in milliseconds, and the ratio of the
medians.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edgeattn.pipeline import export
from edgeattn.source.handover import load
from edgeattn_runtime.decoding import generate
from edgeattn_runtime.latency import interleave
from edgeattn_runtime.model import Model
from edgeattn_runtime.model import load as load_bundle

STORY = Path(__file__).parents[2] / "models" / "story" / "model.py"
LENGTHS = (100, 1000)  # tokens in all, the new one included
WRITTEN = 32  # tokens of a text, around that length


def main() -> None:
    """Export, measure, print."""
    arguments = _arguments()
    handed = load(str(STORY))
    tokens = np.concatenate([np.ravel(sample[0]["tokens"]) for sample in handed.samples])
    with tempfile.TemporaryDirectory() as folder:
        bundle = export(handed.module, handed.samples, dynamic=handed.dynamic, name=handed.name)
        model = load_bundle(bundle.save(Path(folder) / "story.edge"), threads=arguments.threads)
        prompts = {str(length): tokens[: length - WRITTEN // 2].tolist() for length in LENGTHS}
        calls = {name: partial(next, _written(model, prompt)) for name, prompt in prompts.items()}
        times = interleave(calls, rounds=arguments.rounds, warmup=10)
    table = Table(title=f"story, int8, one token a call, {arguments.threads} thread(s)")
    for title in ("tokens in all", "p50, ms", "p90, ms", "to the shortest"):
        table.add_column(title, justify="right")
    for name, latency in times.items():
        ratio = latency.p50 / times[str(LENGTHS[0])].p50
        table.add_row(name, f"{latency.p50:.3f}", f"{latency.p90:.3f}", f"{ratio:.2f}")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the story model's decoder by the length behind it.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1000)
    return parser.parse_args()


def _written(model: Model, prompt: list[int]) -> Iterator[int]:
    """Yield tokens after the prompt, over and over again."""
    while True:
        yield from generate(model, prompt, max_new_tokens=1 + WRITTEN)


if __name__ == "__main__":
    main()
