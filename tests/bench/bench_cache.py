"""Time per token of the story model by what its cache is kept in, and how it grows with the tokens behind it.

    pip install ./runtime/kernels
    EDGEATTN_KERNELS=always python tests/bench/bench_cache.py [--bundles FOLDER] [--rounds 200]

Two bundles are exported by one recipe, with the cache in float32 and in int8, both with edgeattn's own
attention over it; --bundles keeps them, and takes those that are there. Each is loaded with kernels and
without. What is compared is measured in one process and interleaved: a turn is some greedy tokens in a row
by `edgeattn_runtime.generate`, with about 100 and about 1,000 tokens behind them. Prints the time of a token
on one thread, its processor's, and how much longer one takes after the longer text than in the same round
after the shorter one: medians over the rounds, 10th and 90th percentiles. On a CPU without dot products of
int8, kernels are taken by EDGEATTN_KERNELS=always alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from bench_generation import LENGTHS, STORY, WRITTEN, written
from numpy.typing import NDArray
from processor_times import processor_ms
from rich.console import Console
from rich.table import Table

from edgeattn.judge.request import Objective
from edgeattn.pipeline import export
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn_export.quantize.recipes.recipe import Recipe
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.model import Model
from edgeattn_runtime.model import load as load_bundle
from edgeattn_runtime.timing.latency import take_turns
from edgeattn_runtime.timing.machine import Machine

# By what the cache is kept in: the kernel that reads it, and the limit that asks for it.
CACHES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "float32": ("kernel attention", {}),
    "int8": ("kernel int8 attention", {"cache_mb": 1}),
}
IN_A_ROW = 16  # tokens of a turn


def main() -> None:
    """Export what is not there, measure, print."""
    arguments = _arguments()
    machine = Machine.here(kernels_here())
    if machine.kernels is None:
        sys.exit("bench_cache: no kernels here: pip install ./runtime/kernels; see docs/kernels.md")
    story = load(str(STORY))
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.bundles or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bundles = {cache: _bundle(story, cache, folder / f"{cache}.edge") for cache in CACHES}
        times = take_turns(_tokens(story, bundles), _token_ms, rounds=arguments.rounds, warmup=2)
    _show(times, str(machine))


def _bundle(story: ModuleSource, cache: str, file: Path) -> Path:
    """Return a bundle with such a cache, exported where there is none."""
    if not file.exists():
        kernel, limits = CACHES[cache]
        recipe = Recipe("cache", DYNAMIC_INT8.layers, (*DYNAMIC_INT8.rewrites, kernel))
        objective = Objective(recipe=recipe)
        export(story.module, story.samples, dynamic=story.dynamic, budget=limits, objective=objective).save(
            file
        )
    return file


def _tokens(
    story: ModuleSource, bundles: Mapping[str, Path]
) -> dict[tuple[str, str, int], Callable[[], object]]:
    """Return calls that write a token, by cache, way and length."""
    text = np.concatenate([np.ravel(sample[0]["tokens"]) for sample in story.samples])
    prompts = {length: text[: length - WRITTEN // 2].tolist() for length in LENGTHS}
    return {
        (cache, way, length): partial(next, written(model, prompt))
        for cache, bundle in bundles.items()
        for way, model in _ways(bundle).items()
        for length, prompt in prompts.items()
    }


def _ways(bundle: Path) -> dict[str, Model]:
    return {way: load_bundle(bundle, threads=1, kernels=way == "with") for way in ("with", "without")}


def _token_ms(write: Callable[[], object]) -> float:
    """Return the median of some tokens in a row: at most one of them is a text's first, after its prompt."""
    return float(np.median([processor_ms(write) for _ in range(IN_A_ROW)]))


def _show(times: Mapping[tuple[str, str, int], list[float]], machine: str) -> None:
    table = Table(title=f"a token of story, 1 thread; {machine}")
    for title in ("cache", "kernels", *(f"after {length}, ms" for length in LENGTHS), "long / short"):
        table.add_column(title, justify="right")
    for cache, way in dict.fromkeys((cache, way) for cache, way, _ in times):
        short, long = (np.array(times[cache, way, length]) for length in LENGTHS)
        table.add_row(cache, way, *map(_spread, (short, long, long / short)))
    Console(width=120).print(table)


def _spread(numbers: NDArray[np.float64]) -> str:
    low, middle, high = np.percentile(numbers, (10, 50, 90))
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the story model's tokens by its cache.")
    parser.add_argument("--bundles", type=Path, help="where bundles are kept; default: nowhere")
    parser.add_argument("--rounds", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    main()
