"""Recipes against one another: their exactness, their size, and their time side by side."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import onnx_ir as ir

from edgeattn_export.graph.files import file_mb
from edgeattn_export.graph.samples import stratified
from edgeattn_export.quantize.recipe import Recipe
from edgeattn_export.search.candidates import nominal_of
from edgeattn_export.search.error_meter import ErrorMeter
from edgeattn_export.search.goal import Trial
from edgeattn_export.search.store import Answer
from edgeattn_runtime.latency import Call
from edgeattn_runtime.turns import InTurn, Rounds

TIMED = 8  # samples, from the smallest to the largest
PASSES = 6


def race(meter: ErrorMeter, recipes: Iterable[Recipe]) -> tuple[Trial, ...]:
    """Prove recipes end to end, one thread; times are nominal where the device cannot be timed here.

    Args:
        meter: Of the graph.
        recipes: Each of them is made, run on the samples, and timed in turn with the others.
    """
    entered = tuple(recipes)
    errors, models = [], []
    for recipe in entered:
        errors.append(meter.errors(recipe))
        models.append(meter.model(recipe))
    times = _milliseconds(meter, entered, models)
    return tuple(
        Trial(
            recipe,
            cosine_mean=float(1 - errors[i].mean()),
            cosine_min=float(1 - errors[i].max()),
            latency_ms=times[i],
            size_mb=file_mb(models[i]),
        )
        for i, recipe in enumerate(entered)
    )


def _milliseconds(meter: ErrorMeter, recipes: tuple[Recipe, ...], models: list[ir.Model]) -> list[float]:
    paces = meter.rig.candidates.paces
    if paces is not None:
        return [nominal_of(meter.calibration, recipe, paces) for recipe in recipes]
    question = {
        "race": meter.fingerprint,
        "recipes": [recipe.unnamed().to_json() for recipe in recipes],
    }
    answer = meter.rig.measured(question, lambda: _raced(meter, models))
    return [float(str(answer[str(i)])) for i in range(len(recipes))]


def _raced(meter: ErrorMeter, models: list[ir.Model]) -> Answer:
    calls = {str(i): _in_turn(meter, model) for i, model in enumerate(models)}
    timed = min(TIMED, len(meter.samples))
    rounds = Rounds(least=PASSES * timed, most=PASSES * timed, warmup=timed)
    times = meter.rig.turns(calls, rounds)
    return {i: median(measured) for i, measured in times.items()}


def _in_turn(meter: ErrorMeter, model: ir.Model) -> Call:
    runner = meter.rig.runner(meter.calibration.engine, model)
    chosen = stratified((sample.inputs for sample in meter.samples), TIMED)
    return InTurn([runner.bind(inputs) for inputs in chosen])
