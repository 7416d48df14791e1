"""Size against exactness: weights of 4 and 8 bits mixed, with care and rounded to the nearest.

    python tests/bench/bench_sizes.py [MODEL ...] [--picture FILE.svg]

From 4 bits throughout, layers become int8 a few at a time, those first that lose most by 4 bits for the
megabytes that they save, as the selection samples tell; those that no blocks fit stay float.
Embeddings follow last: 4 bits cost them least for what they save. Prints, for each recipe, the megabytes of
the main graph, the cosine to the float graph over the evaluation samples, mean and worst, how many of a
sample's nearest others among them stay so, and the seconds of the processor that making it took. One thread.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeattn.report.svg import svg
from edgeattn.source.handover import load
from edgeattn.source.module import ModuleSource
from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.samples import Samples
from edgeattn_export.incremental import with_cache
from edgeattn_export.quantize import Calibration, Recipe
from edgeattn_export.quantize.float_graphs import FloatGraph
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.quantize import written
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.recover import recover
from edgeattn_export.search import Rig, Store
from edgeattn_export.search.candidates import fitted_together
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import LEAST_ERROR
from edgeattn_export.search.options import megabytes
from edgeattn_export.search.units import Unit, merged, singles
from edgeattn_export.targets import lower_for
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime.bundle.deviation import cosine
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

MODELS = Path(__file__).parents[2] / "models"
SMALL, LARGE = "int4 blocks", "int8 per token"
IN_8_BITS = Treatment(LARGE, (("smoothing", 0.6),))  # no channels split off, which would be stored in float
SMALL_ROWS, LARGE_ROWS = "int4 rows", "int8 rows"
NEIGHBORS = 10
STEPS = 8  # from all layers in 4 bits to all in 8
CARE, NEAREST = "with care", "to the nearest"
TICKS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)  # of the picture


@dataclass(frozen=True)
class Point:
    """A recipe, and what it comes to.

    Attributes:
        way: How weights are rounded.
        large: How many layers have 8 bits.
        layers: How many can have 4.
        rows: The form of embeddings.
        size_mb: Of the main graph.
        cosine: To the float graph, the mean.
        worst: The least.
        recall: Of the samples that the float answers find nearest, the share that the recipe's do; None where
            answers differ in size.
        seconds: Of the processor, that making it took.
    """

    way: str
    large: int
    layers: int
    rows: str
    size_mb: float
    cosine: float
    worst: float
    recall: float | None
    seconds: float

    def __str__(self) -> str:
        """Return the recipe in words, and its figures."""
        recipe = f"{self.way}, {self.large} of {self.layers} layers in 8 bits, {self.rows}"
        figures = f"{self.size_mb:.2f} MB, {self.cosine:.4f} (worst {self.worst:.4f}), {self.seconds:.0f} s"
        recall = "" if self.recall is None else f", recall@{NEIGHBORS} {self.recall:.3f}"
        return f"{recipe}: {figures}{recall}"


def main() -> None:
    """Measure each model, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["sentence"])
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    for name in arguments.models:
        points = []
        for point in measured(name):
            points.append(point)
            print(f"{name}: {point}", flush=True)
        if arguments.picture is not None:
            arguments.picture.write_bytes(svg(partial(picture, points)))


def measured(name: str) -> Iterator[Point]:
    """Yield the points of a model, the smallest first."""
    part, evaluation = float_graph(load(str(MODELS / name / "model.py")))
    units = singles(part.calibration.layers)
    forms = part.calibration.forms
    unfit = [unit for unit in units if forms.linear[SMALL].unfit(unit.first.width, unit.first.channels)]
    ladder = _most_sensitive_first(part, [unit for unit in units if unit not in unfit])
    expected = answers_of(part, evaluation, part.calibration.model)
    rungs = [(count, SMALL_ROWS) for count in np.unique(np.linspace(0, len(ladder), STEPS + 1, dtype=int))]
    for count, rows in (*rungs, (len(ladder), LARGE_ROWS)):
        treatments = dict.fromkeys(unfit, Treatment(FLOAT.name)) | dict.fromkeys(ladder, Treatment(SMALL))
        treatments |= dict.fromkeys(ladder[:count], IN_8_BITS)
        for way in (NEAREST, CARE):
            model, seconds = made(part, recipe(treatments, rows, way))
            answers = answers_of(part, evaluation, model)
            cosines = list(map(cosine, expected, answers))
            exact = float(np.mean(cosines)), min(cosines), _recall(expected, answers)
            yield Point(way, count, len(ladder), rows, file_mb(model), *exact, seconds)


def float_graph(source: ModuleSource) -> tuple[FloatGraph, Samples]:
    """Return a model's main graph as the CPU runs it, and its evaluation samples."""
    engine, real = CPU.engine, source.read()
    parts, captured = real.split(), source.capture(real, engine)
    cached = with_cache(captured, recover(captured, parts.calibration), parts.calibration)
    graphs = lower_for(CPU, cached, parts.calibration).graphs
    graph = graphs.graphs[MAIN_GRAPH]
    calibration, selection, evaluation = (
        graphs.samples(samples, engine)[MAIN_GRAPH]
        for samples in (parts.calibration, parts.selection, parts.evaluation)
    )
    calibrated = Calibration(graph.model, calibration, engine, CPU.forms)
    return FloatGraph(calibrated, selection, graph.graph, graph.outputs), evaluation


def _most_sensitive_first(part: FloatGraph, units: Iterable[Unit]) -> list[Unit]:
    rig = Rig(CPU.candidates, "", Store(None))
    meter, forms = ErrorMeter(part, rig), part.calibration.forms

    def price(unit: Unit) -> float:
        saved = megabytes(unit, LARGE, forms) - megabytes(unit, SMALL, forms)
        return float(meter.spoiled(unit.isolated(Treatment(SMALL))).mean()) / saved

    return sorted(units, key=price, reverse=True)


def recipe(treatments: Mapping[Unit, Treatment], rows: str, way: str) -> Recipe:
    """Return the recipe of treatments by layer, and of a form of embeddings."""
    candidates, of_layers = CPU.candidates, {unit.name: each for unit, each in treatments.items()}
    if way == CARE:
        finished = {name: candidates.finished(each, CPU.forms) for name, each in of_layers.items()}
        of_layers = fitted_together(finished)
    return merged(treatments, of_layers, (rows, *candidates.others))


def made(part: FloatGraph, recipe: Recipe) -> tuple[ir.Model, float]:
    """Return the graph that a recipe makes, and the seconds of the processor that it took."""
    began = time.process_time()
    model = written(part.calibration, recipe)
    return model, time.process_time() - began


def answers_of(part: FloatGraph, samples: Samples, model: ir.Model) -> list[NDArray[np.float64]]:
    """Return a graph's answers, all outputs that count as one vector, sample by sample."""
    answer = part.calibration.engine.runner(model)
    outputs = [answer(sample.inputs) for sample in samples]
    return [
        np.concatenate([np.asarray(each[name], np.float64).ravel() for name in part.outputs or tuple(each)])
        for each in outputs
    ]


def _recall(expected: Sequence[NDArray[np.float64]], answers: Sequence[NDArray[np.float64]]) -> float | None:
    """Return the share of each answer's nearest neighbors by cosine that are those of the expected ones."""
    if len({len(each) for each in expected}) > 1:
        return None
    wanted, found = _neighbors(np.stack(expected)), _neighbors(np.stack(answers))
    return float(
        np.mean([len({*one} & {*other}) / NEIGHBORS for one, other in zip(wanted, found, strict=True)])
    )


def _neighbors(vectors: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the indices of the ``NEIGHBORS`` nearest other vectors of each, (N, NEIGHBORS)."""
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = directions @ directions.T  # (N, N)
    np.fill_diagonal(likeness, -np.inf)
    return np.argsort(-likeness, axis=1, kind="stable")[:, :NEIGHBORS]


def picture(points: Sequence[Point]) -> Figure:
    """Draw the curves of both ways, mean and worst."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for way, color in ((CARE, "#1f6f8b"), (NEAREST, "#b9b9b9")):
        chosen = sorted((each for each in points if each.way == way), key=lambda point: point.size_mb)
        sizes = [each.size_mb for each in chosen]
        axes.plot(sizes, [each.cosine for each in chosen], "o-", color=color, label=f"{way}, mean")
        axes.plot(sizes, [each.worst for each in chosen], "o:", color=color, label=f"{way}, worst")
    axes.set_xlabel("MB of the graph")
    axes.set_ylabel("cosine to float")
    axes.set_yscale("function", functions=(_nines, _cosine))  # else all above .99 would be one line
    lowest, highest = axes.get_ylim()
    axes.set_yticks([tick for tick in TICKS if lowest <= tick <= highest])
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _nines(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many powers of ten the error is smaller than 1."""
    return -np.log10(np.maximum(1 - cosines, LEAST_ERROR))


def _cosine(nines: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - 10.0**-nines


if __name__ == "__main__":
    main()
