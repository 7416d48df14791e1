"""Planted faults in the reference models: is the module named first by `edgeattn validate --trace`?

    python tests/bench/bench_trace.py [--model digits] [--draws 2] [--inputs 6]

Each model is exported, or taken from `--bundles FOLDER`, where `NAME.edge` lies. Then one fault after the
other is planted in its float and in its int8 graph, each in modules drawn at random, and both are traced.
Prints a line a fault: what it introduces at its module, and which other one came first, if one did.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from torch import nn

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "edgeattn" / "judge" / "trace"))

import plants  # noqa: E402

from edgeattn import pipeline  # noqa: E402
from edgeattn.judge.padding import Padded  # noqa: E402
from edgeattn.judge.request import FASTEST, Request  # noqa: E402
from edgeattn.judge.trace import trace  # noqa: E402
from edgeattn.judge.trace.bundle import graphs_of  # noqa: E402
from edgeattn.judge.trace.inputs import TraceInput, pad_token, trace_inputs  # noqa: E402
from edgeattn.judge.trace.points import Point, module_behind, points_of  # noqa: E402
from edgeattn.judge.trace.probe import TracedGraphs  # noqa: E402
from edgeattn.progress import Silent  # noqa: E402
from edgeattn.results.trace import ModuleError  # noqa: E402
from edgeattn.source.handover import load  # noqa: E402
from edgeattn.source.module import ModuleSource  # noqa: E402
from edgeattn_export.capture import Captured  # noqa: E402
from edgeattn_export.lower.ort_cpu import ORT_CPU  # noqa: E402
from edgeattn_runtime.bundle.folder import open_bundle  # noqa: E402

HEAD = 32  # channels of one, in each of the models
WIDTHS = {"digits": 128, "sentence": 384, "story": 128, "translation": 128}  # of all heads together
FAULTS: Mapping[str, tuple[str, plants.Fault]] = {
    "weights shuffled": ("linear", plants.shuffle_weights),
    "scale halved": ("scaled", plants.halve_scale),
    "saturating layer": ("linear", plants.saturate),
    "mask ignored": ("attention", plants.ignore_mask),
    "wrong epsilon": ("norm", plants.wrong_epsilon),
}


@dataclass(frozen=True)
class Subject:
    """A model with its two graphs, and where faults may be planted."""

    name: str
    captured: Captured
    int8: TracedGraphs
    points: tuple[Point, ...]
    inputs: list[TraceInput]

    @property
    def module(self) -> nn.Module:
        """The PyTorch original."""
        return module_behind(self.captured).module

    def places(self, kind: str, graph: str) -> list[Point]:
        """Return the points at which a kind of module ends."""
        if kind == "scaled":
            kind = "norm" if graph == "float" else "linear"
        modules = dict(self.module.named_modules())
        attentions = {point.module for point in self.points if _mixes(point, self.captured)}
        return [
            point
            for point in self.points
            if (kind == "attention" and point.module in attentions and _mixes(point, self.captured))
            or (kind == "linear" and isinstance(modules[point.module], nn.Linear))
            or (kind == "norm" and type(modules[point.module]).__name__.endswith("Norm"))
        ]


def main() -> None:
    """Export, plant, trace, print."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    named = total = 0
    with tempfile.TemporaryDirectory() as made:
        for name in arguments.model or WIDTHS:
            subject = _subject(name, arguments.bundles or Path(made), arguments.inputs)
            for line, is_first in _tried(subject, arguments.draws):
                named, total = named + is_first, total + 1
                print(line, flush=True)
    print(f"named first: {named} of {total}")


def _tried(subject: Subject, draws: int) -> Iterator[tuple[str, bool]]:
    width = WIDTHS[subject.name]
    faults = {**FAULTS, "heads swapped": ("attention", partial(plants.swap_heads, size=HEAD, width=width))}
    draw = random.Random(0)
    for words, (kind, fault) in faults.items():
        for graph in ("float", "int8"):
            places = subject.places(kind, graph)
            draw.shuffle(places)
            planted = ((point, faulty) for point in places if (faulty := _with(subject, graph, point, fault)))
            for point, faulty in islice(planted, draws):
                found = trace(*faulty, subject.inputs, Silent()).modules
                yield _line(subject, f"{words} in {graph}", graph, point, found)


def _line(
    subject: Subject, what: str, graph: str, point: Point, found: Sequence[ModuleError]
) -> tuple[str, bool]:
    at = next(i for i, error in enumerate(found) if error.module == point.module)
    departure = found[at].in_float if graph == "float" else found[at].in_int8
    introduced = departure.introduced if departure else 0.0
    behind = f", but {found[0].module} is first ({found[0].excess / found[at].excess:.1f} x)" if at else ""
    return f"{subject.name}: {what} at {point.module}: introduces {introduced:.2g}{behind}", at == 0


def _with(
    subject: Subject, graph: str, point: Point, fault: plants.Fault
) -> tuple[Captured, TracedGraphs] | None:
    captured, int8 = subject.captured, subject.int8
    if graph == "float":
        model = plants.planted(captured.model, point.value, fault)
        return None if model is None else (replace(captured, model=model), int8)
    models = [plants.planted(model, point.value, fault) for model in int8.models]
    if not any(models):
        return None
    changed = tuple(new or old for new, old in zip(models, int8.models, strict=True))
    return captured, replace(int8, models=changed)


def _mixes(point: Point, captured: Captured) -> bool:
    """Say whether a point is what an attention makes of its values."""
    value = plants.values_of(captured.model)[point.value]
    near = [node.op_type for node, _ in zip(plants.behind(value), range(4), strict=False)]
    return value.producer().op_type in ("Reshape", "Attention") and (
        "Attention" in near or near.count("MatMul") > 0
    )


def _subject(name: str, bundles: Path, inputs: int) -> Subject:
    source = load(str(ROOT / "models" / name / "model.py"))
    samples = source.read()
    folder = bundles / f"{name}.edge"
    if not folder.is_dir():
        _export(source, folder)
    captured = source.capture(samples, ORT_CPU)
    parts = samples.split()
    padded = Padded.of(captured, parts.selection)
    few = parts.evaluation[:: max(1, len(parts.evaluation) // inputs)]
    files = open_bundle(folder)
    tried = list(trace_inputs(few, padded, captured.axes, {}, pad_token(module_behind(captured).module)))
    largest = max(tried, key=lambda trial: sum(array.size for array in trial.inputs.values()))
    points = points_of(captured, largest.inputs)
    return Subject(name, captured, graphs_of(files, files.manifest.variants[0]), points, tried)


def _export(source: ModuleSource, folder: Path) -> None:
    request = Request.read("cpu", source.budget, FASTEST, has_metric=source.metric is not None)
    pipeline.run(source, request, Silent()).save(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append", choices=tuple(WIDTHS), help="all where it is left out")
    parser.add_argument("--bundles", type=Path, help="folder in which bundles lie, or are put")
    parser.add_argument("--draws", type=int, default=2, help="modules a fault and graph")
    parser.add_argument("--inputs", type=int, default=6, help="evaluation samples to trace on")
    return parser.parse_args()


if __name__ == "__main__":
    main()
