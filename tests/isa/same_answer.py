"""The same bundle on other instruction sets: its answers under emulation, compared with one another.

    python tests/isa/same_answer.py [MODEL ...] [--bundles FOLDER] [--cache FOLDER]

Reference models, digits and sentence where none is named, answer a few evaluation samples on this CPU, on x86
without VNNI, on x86 with AVX-512 and VNNI, and on four kinds of arm64. Prints the worst cosine of any two
CPUs; exit code 1 where it is below 0.995. Emulation proves answers, never speed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from emulators import CACHE
from places import Answers, Place, places
from rich.console import Console
from rich.table import Table

from edgeattn import pipeline
from edgeattn.judge.request import FASTEST, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.bundle.deviation import cosine

MODELS = Path(__file__).parents[2] / "models"
SAMPLES = 8
LIMIT = 0.995


def main() -> int:
    """Answer everywhere, compare, print."""
    parser = argparse.ArgumentParser(description="Compare bundles' answers on emulated CPUs.")
    parser.add_argument("models", nargs="*", metavar="MODEL", default=["digits", "sentence"])
    parser.add_argument("--bundles", type=Path, help="where their bundles lie; else exported")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where emulators are kept")
    arguments = parser.parse_args()
    everywhere = places(arguments.cache)
    worst = 1.0
    for name in arguments.models:
        model = load(str(MODELS / name / "model.py"))
        with tempfile.TemporaryDirectory(prefix="edgeattn-isa-") as folder:
            bundle = arguments.bundles / f"{name}.edge" if arguments.bundles else _export(model, Path(folder))
            answers = _answers(model, bundle, Path(folder), everywhere)
        worst = min(worst, _compared(name, answers))
    if worst < LIMIT:
        print(f"{worst:.5f} found, at least {LIMIT} expected: the CPUs disagree", file=sys.stderr)
    return int(worst < LIMIT)


def _export(model: ModuleSource, folder: Path) -> Path:
    request = Request.read("cpu", model.budget, FASTEST, has_metric=model.metric is not None)
    return pipeline.run(model, request, Silent()).save(folder / f"{model.name}.edge")


def _answers(
    model: ModuleSource, bundle: Path, folder: Path, everywhere: Mapping[str, Place]
) -> Mapping[str, Answers]:
    """Return each CPU's answers to some evaluation samples."""
    evaluation = model.read().split().evaluation
    some = [sample.inputs for sample in evaluation[:: max(1, len(evaluation) // SAMPLES)][:SAMPLES]]
    return {name: place(bundle, some, folder) for name, place in everywhere.items()}


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
