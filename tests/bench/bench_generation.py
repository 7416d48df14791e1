"""Time per token of the story model's decoder, with 100 and with 1,000 tokens behind it.

    python tests/bench/bench_generation.py [--threads 1] [--rounds 300]

The int8 bundle is exported anew; both lengths are measured in one process, interleaved, one new token a call.
Prints the median and the 90th percentile in milliseconds, and the ratio of the medians.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edgeattn.handover import load
from edgeattn.pipeline import export
from edgeattn_runtime.cache import past_tensors
from edgeattn_runtime.latency import interleave
from edgeattn_runtime.model import Model
from edgeattn_runtime.model import load as load_bundle

STORY = Path(__file__).parents[2] / "models" / "story" / "model.py"
LENGTHS = (100, 1000)  # tokens in all, the new one included


def main() -> None:
    """Export, measure, print."""
    arguments = _arguments()
    handed = load(str(STORY))
    with tempfile.TemporaryDirectory() as folder:
        bundle = export(handed.module, handed.samples, dynamic=handed.dynamic, name=handed.name)
        model = load_bundle(bundle.save(Path(folder) / "story.edge"), threads=arguments.threads)
        calls = {str(length): partial(model.run, _step(model, length)) for length in LENGTHS}
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
    parser.add_argument("--rounds", type=int, default=300)
    return parser.parse_args()


def _step(model: Model, total: int) -> dict[str, NDArray[np.generic]]:
    """Return one call's inputs: a token, and a past of all but it."""
    draw = np.random.default_rng(0)
    generation = model.manifest.generation
    if generation is None:
        raise RuntimeError("the story bundle generates; its manifest says that it does not")
    pasts = {
        tensor.name: draw.normal(size=(1, int(tensor.dims[1]), total - 1, int(tensor.dims[3]))).astype(
            "float32"
        )
        for tensor in past_tensors(model.manifest, generation.decoder)
    }
    return {generation.tokens: np.array([[1]]), **pasts}


if __name__ == "__main__":
    main()
