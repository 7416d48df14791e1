"""The options of each unit: every treatment worth a look, with what it costs and what it spoils."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import median_low

import numpy as np

from edgeattn_export.graph.serialize import file_mb, weight_bytes
from edgeattn_export.graph.session import run, session_of
from edgeattn_export.graph.taps import tapped
from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.candidates import (
    APART,
    EMBEDDINGS,
    FASTEST,
    MORE_EXACT,
    MOST_EXACT,
    SMALLER,
    SMALLER_EMBEDDINGS,
    SPLIT,
    fastest,
    finished,
    fixed,
    in_forms,
)
from edgeattn_export.search.choose import Option
from edgeattn_export.search.cost import Shape, milliseconds
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.judge import SENSED, Judge
from edgeattn_export.search.units import Unit

LARGE = 200_000_000  # bytes of float weights, from which a trial takes seconds: fewer treatments are tried
BYTES = {
    FLOAT: 4.0,
    "int4 blocks": 0.625,
    "int8 blocks": 1.125,
}  # a weight and its share of a scale
SCALE = 4  # bytes for an output channel

Step = Callable[[int, int], None]  # told how many units are done, of how many
Options = dict[str, list[Option]]  # by the unit's name


def is_large(calibration: Calibration) -> bool:
    """Say whether each trial of a graph takes seconds."""
    return weight_bytes(calibration.model) > LARGE


def grouped_options(
    judge: Judge, units: Sequence[Unit], treatments: Callable[[Layer], Iterable[Treatment]], step: Step
) -> Options:
    """Measure the treatments of every group, by the group's name.

    Args:
        judge: Of the graph.
        units: Of layers that are alike.
        treatments: Those of a layer that stands for its group; their weights are not rounded by the layer's
            output here, which takes longer.
        step: Told after each unit.
    """
    rows = _rows(judge.calibration)
    found: dict[str, list[Option]] = {}
    for done, unit in enumerate(units):
        step(done, len(units))
        found[unit.name] = _measured(judge, unit, rows, treatments(unit.first), lambda as_it_is: as_it_is)
    step(len(units), len(units))
    return found


def usual_treatments(judge: Judge, goal: Goal, layer: Layer) -> list[Treatment]:
    """Return what is tried in every search: few where a trial takes seconds."""
    smaller = SMALLER if _is_small(goal) else ()
    found = [*fastest(layer), *in_forms(layer, (*MORE_EXACT, *smaller)), *(fixed() if goal.thorough else ())]
    return [each for each in found if each in _FEW] if is_large(judge.calibration) else found


def exact_treatments(layer: Layer) -> list[Treatment]:
    """Return what is tried where nothing else than float is exact enough."""
    return list(in_forms(layer, MOST_EXACT))


def single_options(
    judge: Judge, units: Sequence[Unit], groups: Mapping[str, Sequence[Option]], step: Step
) -> Options:
    """Measure, layer by layer, what was most exact of each form for its group, rounded as it will be.

    Args:
        judge: Of the graph.
        units: Of a layer each, or of layers that share a weight.
        groups: Options of the group that each layer is in, by the layer's name.
        step: Told after each unit.
    """
    rows = _rows(judge.calibration)
    found: dict[str, list[Option]] = {}
    for done, unit in enumerate(units):
        step(done, len(units))
        found[unit.name] = _measured(judge, unit, rows, _leading(groups[unit.first.name]), finished)
    step(len(units), len(units))
    return found


def embedding_options(judge: Judge, goal: Goal) -> list[Option]:
    """Measure the forms of embeddings; their size is that of all in the graph but its linear layers.

    Their time is not measured: a look-up takes no time beside the products.
    """
    layers = {layer.weight: layer for layer in judge.calibration.layers}.values()
    linear = sum(megabytes(layer, FLOAT) for layer in layers)
    return [
        Option(
            Treatment(form),
            judge.spoiled(Recipe("", (), (form,))),
            0.0,
            max(file_mb(judge.model(Recipe("", (), (form,)))) - linear, 0.0),
        )
        for form in (*EMBEDDINGS, *(SMALLER_EMBEDDINGS if _is_small(goal) else ()))
    ]


def _is_small(goal: Goal) -> bool:
    return goal.prefer == "size" or math.isfinite(goal.size_mb)


_FEW = (
    Treatment(FASTEST),
    Treatment(FASTEST, (APART,)),
    Treatment(FASTEST, (("smoothing", 0.7),)),
    Treatment(FASTEST, SPLIT[0]),
    Treatment("int8 per token"),
    Treatment(FLOAT),
)


def _leading(options: Sequence[Option]) -> list[Treatment]:
    """Return the most exact treatment of each form."""
    best: dict[str, Option] = {}
    for option in options:
        form = option.treatment.form
        if form not in best or _spoils(option) < _spoils(best[form]):
            best[form] = option
    return [option.treatment for option in best.values()]


def _spoils(option: Option) -> float:
    return float(option.errors.mean() + option.errors.max())


def _measured(
    judge: Judge,
    unit: Unit,
    rows: int,
    treatments: Iterable[Treatment],
    tried: Callable[[Treatment], Treatment],
) -> list[Option]:
    wanted = list(treatments)
    times = milliseconds(Shape.of(unit.first, rows, len(unit.layers)), wanted, judge.store)
    return [
        Option(
            treatment,
            np.zeros(len(judge.sensed))
            if treatment.form == FLOAT
            else judge.spoiled(unit.alone(tried(treatment))),
            times[treatment] * len(unit.layers),
            sum(megabytes(layer, treatment.form) for layer in _by_weight(unit)),
        )
        for treatment in wanted
    ]


def megabytes(layer: Layer, form: str) -> float:
    """Return the size of a layer's weight in a form, 1 MB = 10^6 bytes."""
    return (layer.width * BYTES.get(form, 1.0) + SCALE) * layer.channels / 1e6


def _by_weight(unit: Unit) -> Iterator[Layer]:
    yield from {layer.weight: layer for layer in unit.layers}.values()


def _rows(calibration: Calibration) -> int:
    """Return how many rows a layer sees at a time, in the median sample; the widest layer stands for all."""
    if not calibration.layers:
        return 1
    widest = max(calibration.layers, key=lambda layer: layer.width * layer.channels)
    session = session_of(tapped(calibration.model, [widest.x]))
    samples = calibration.samples[:SENSED]
    shapes = (run(session, sample.inputs)[widest.x].shape for sample in samples)
    return max(median_low(int(np.prod(shape[:-1])) for shape in shapes), 1)
