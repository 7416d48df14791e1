"""Recipes against one another: their exactness, their size, and their time side by side."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import cycle
from statistics import median

import onnx_ir as ir

from edgeattn_export.graph.serialize import file_mb
from edgeattn_export.graph.session import run, session_of
from edgeattn_export.quantize.recipe import Recipe
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.store import machine
from edgeattn_export.search.trial import Trial
from edgeattn_runtime.latency import Call, processor_milliseconds, take_turns

TIMED = 8  # samples, from the smallest to the largest
PASSES = 6


def race(judge: Judge, recipes: Iterable[Recipe]) -> tuple[Trial, ...]:
    """Prove recipes end to end, one thread.

    Args:
        judge: Of the graph.
        recipes: Each of them is made, run on the samples, and timed in turn with the others.
    """
    entered = tuple(recipes)
    errors = [judge.errors(recipe) for recipe in entered]
    models = [judge.model(recipe) for recipe in entered]
    times = _milliseconds(judge, entered, models)
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


def _milliseconds(judge: Judge, recipes: tuple[Recipe, ...], models: list[ir.Model]) -> list[float]:
    question = {
        "race": judge.fingerprint,
        "recipes": [recipe.unnamed().to_json() for recipe in recipes],
        "on": machine(),
    }
    known = judge.store.get(question)
    if known is not None:
        return [float(str(known[str(i)])) for i in range(len(recipes))]
    calls = {str(i): _in_turn(judge, model) for i, model in enumerate(models)}
    times = take_turns(calls, processor_milliseconds, rounds=PASSES * _timed(judge), warmup=_timed(judge))
    found = {i: median(measured) for i, measured in times.items()}
    judge.store.put(question, found)
    return list(found.values())


def _in_turn(judge: Judge, model: ir.Model) -> Call:
    session = session_of(model)
    ordered = sorted(judge.samples, key=lambda sample: sum(value.size for value in sample.inputs.values()))
    last, count = len(ordered) - 1, _timed(judge)
    chosen = [ordered[round(i * last / max(count - 1, 1))] for i in range(count)]
    turns = cycle([partial(run, session, sample.inputs) for sample in chosen])
    return lambda: next(turns)()


def _timed(judge: Judge) -> int:
    return min(TIMED, judge.count)
