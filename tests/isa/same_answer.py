"""The same bundle on other instruction sets: its answers under emulation, compared with one another.

    python tests/isa/same_answer.py [MODEL ...] [--bundles FOLDER] [--cache FOLDER]

Reference models, digits and sentence where none is named, answer a few evaluation samples on this CPU, on x86
without VNNI and on four kinds of arm64. Prints the worst cosine between any two CPUs; exit code 1 where it is
below 0.995. Emulation proves answers, never speed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from emulators import CACHE, Cpu, cpus
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.similarity import cosine

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"
SAMPLES = 8
LIMIT = 0.995

Answers = Mapping[str, NDArray[np.generic]]


def main() -> int:
    """Answer everywhere, compare, print."""
    parser = argparse.ArgumentParser(description="Compare bundles' answers on emulated CPUs.")
    parser.add_argument("models", nargs="*", metavar="MODEL", default=["digits", "sentence"])
    parser.add_argument("--bundles", type=Path, help="where their bundles lie; else exported")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where emulators are kept")
    arguments = parser.parse_args()
    places = cpus(arguments.cache)
    worst = 1.0
    for name in arguments.models:
        model = load(str(MODELS / name / "model.py"))
        with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
            bundle = arguments.bundles / f"{name}.edge" if arguments.bundles else _export(model, Path(folder))
            answers = _everywhere(model, bundle, Path(folder), places)
        worst = min(worst, _compared(name, answers))
    if worst < LIMIT:
        print(f"{worst:.5f} found, at least {LIMIT} expected: the CPUs disagree", file=sys.stderr)
    return int(worst < LIMIT)


def _export(model: ModuleSource, folder: Path) -> Path:
    request = Request.read("cpu", model.budget, FASTEST, has_metric=model.metric is not None)
    return pipeline.run(model, request, Silent()).save(folder / f"{model.name}.edge")


def _everywhere(
    model: ModuleSource, bundle: Path, folder: Path, places: tuple[Cpu, ...]
) -> Mapping[str, Answers]:
    """Return each CPU's answers to some evaluation samples."""
    evaluation = model.read().split().evaluation
    some = evaluation[:: max(1, len(evaluation) // SAMPLES)][:SAMPLES]
    inputs = {f"{i}/{name}": value for i, s in enumerate(some) for name, value in s.inputs.items()}
    np.savez(folder / "inputs.npz", **inputs)
    found: dict[str, Answers] = {}
    for place in places:
        outputs = folder / f"{place.name}.npz"
        place.python(str(HERE / "answer.py"), str(bundle), str(folder / "inputs.npz"), str(outputs))
        found[place.name] = dict(np.load(outputs))
    return found


def _compared(title: str, answers: Mapping[str, Answers]) -> float:
    """Print the worst cosine of every two CPUs, and return the worst of all."""
    table = Table(title, *answers)
    worst = 1.0
    for one, ours in answers.items():
        row = [min(cosine(ours[key], theirs[key]) for key in ours) for theirs in answers.values()]
        table.add_row(one, *(f"{number:.5f}" for number in row))
        worst = min(worst, *row)
    Console(width=110).print(table)
    return worst


if __name__ == "__main__":
    sys.exit(main())
