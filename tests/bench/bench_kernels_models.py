"""The reference models with edgeattn's own kernels and without them, interleaved.

    pip install ./runtime/kernels
    python tests/bench/bench_kernels_models.py [MODEL ...] [--recipe FILE.json] [--threads 1]

Each model is exported as a user does it, so that a search decides where kernels run; --recipe has one
followed instead. A row gives the worst cosine to PyTorch, the time of a call over the bundle's golden inputs,
what loading takes and a process's peak memory, each with kernels and without. On a CPU without dot products
of int8 no kernel is taken: EDGEATTN_KERNELS=always measures them there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench_models import row

from edgeattn.commands import demo
from edgeattn_runtime import load
from edgeattn_runtime.bundle.golden import read_golden
from edgeattn_runtime.engine.kernels import kernels_here
from edgeattn_runtime.timing.interleaved import Clock, Each, Rounds, timed
from edgeattn_runtime.timing.machine import Machine

WAYS: Mapping[str, Sequence[str]] = {"with": (), "without": ("--no-kernels",)}
ROUNDS = Rounds(least=20, most=400, seconds=10, warmup=3)
PROCESSES = 5  # that load a bundle, each way
COLUMNS = (
    *("model", "verdict", "recipe", "worst cosine", "without"),
    *("ms", "without", "ratio", "load, ms", "without", "peak MB", "without"),
)


def main(arguments: list[str] | None = None) -> None:
    """Print a row a model, as they come."""
    parser = argparse.ArgumentParser(description="Print the reference models with kernels and without.")
    parser.add_argument("models", nargs="*", default=demo.shipped_models(), help="default: all")
    parser.add_argument("--recipe", type=Path, help="followed, instead of a search")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    machine = Machine.here(kernels_here())
    if machine.kernels is None:
        sys.exit("bench_kernels_models: no kernels here: pip install ./runtime/kernels; see docs/kernels.md")
    print(f"{machine}; threads: {asked.threads}\n")
    print(row(COLUMNS), row(["---"] * len(COLUMNS)), sep="\n")
    with tempfile.TemporaryDirectory() as place:
        for name in asked.models:
            bundle = Path(place) / f"{name}.edge"
            report = _exported(name, bundle, asked.recipe)
            print(row([name, *_cells(report, bundle, asked.threads)]), flush=True)


def _exported(name: str, bundle: Path, recipe: Path | None) -> Mapping[str, Any]:
    followed = [] if recipe is None else ["--recipe", str(recipe)]
    printed = _python(
        "-m", "edgeattn", "export", str(demo.locate(name)), "-o", str(bundle), "--json", *followed
    )
    if not printed:
        sys.exit(f"bench_kernels_models: {name} was not exported; the line above says why")
    report: Mapping[str, Any] = json.loads(printed)
    return report


def _cells(report: Mapping[str, Any], bundle: Path, threads: int) -> Iterator[str]:
    """Yield a row of the table, behind the model's name."""
    yield report["verdict"]
    yield report["recipe"]
    yield f"{report['accuracy']['cosine_min']:.5f}"
    if not report["other_ways"]:
        yield from ["no kernel is faster", *[""] * (len(COLUMNS) - 5)]
        return
    (without,) = report["other_ways"]
    yield f"{without['accuracy']['cosine_min']:.5f}"
    times = _times(bundle, threads)
    yield from (f"{times[way]:.3g}" for way in WAYS)
    yield f"{times['with'] / times['without']:.2f}"
    processes = {way: _processes(bundle, threads, options) for way, options in WAYS.items()}
    for figure in ("load_ms", "peak_memory_mb"):
        yield from (f"{median(each[figure] for each in its):.1f}" for its in processes.values())


def _times(bundle: Path, threads: int) -> dict[str, float]:
    """Return the median milliseconds of a call, each golden input once, in both ways in turn."""
    calls = {}
    for way in WAYS:
        model = load(bundle, threads=threads, kernels=way == "with")
        samples = read_golden(model.files).samples
        calls[way] = Each([partial(model, **sample.inputs) for sample in samples])
    times = timed(calls, Clock("processor" if threads == 1 else "wall"), ROUNDS)
    return {way: median(its) / len(calls[way].calls) for way, its in times.items()}


def _processes(bundle: Path, threads: int, options: Sequence[str]) -> list[Mapping[str, float]]:
    """Return what processes say that load a bundle and answer its golden inputs a few times."""
    command = ["-m", "edgeattn_runtime", "bench", str(bundle), "--json", "--rounds", "3", *options]
    return [json.loads(_python(*command, "--threads", str(threads))) for _ in range(PROCESSES)]


def _python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=False, text=True).stdout


if __name__ == "__main__":
    main()
