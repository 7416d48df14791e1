"""Whether int8 gains anything: a graph of few weights may be no smaller and no faster in it.

This is known before a search, which would come to the same layer by layer.
"""

from __future__ import annotations

import math

from edgeattn_export.graph.files import file_mb
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.search.error_meter import ErrorMeter, race
from edgeattn_export.search.goal import Goal, Trial
from edgeattn_export.search.units import groups, merged

LEAST_SMALLER, LEAST_MB = 0.1, 0.03  # of the float graph's size, and MB, that int8 must save to be of use
LEAST_FASTER = 0.02  # of its time, that does as well
SAVED = 0.75  # of the bytes of linear layers, that int8 saves, about


def idle_trials(meter: ErrorMeter, goal: Goal) -> tuple[Trial, ...]:
    """Return the trials of the float graph, first, and of int8 in all layers, where int8 gains nothing.

    Returns:
        No trial where int8 gains something, or where the goal limits time or size and so may need the rest.
    """
    calibration, candidates = meter.calibration, meter.rig.candidates
    is_fixed = calibration.forms.whole is not None or candidates.fastest.form == FLOAT.name
    if is_fixed or goal.wants_size or math.isfinite(goal.latency_ms) or _has_many_weights(meter):
        return ()
    units = groups(calibration.layers)
    float_recipe = merged(units, dict.fromkeys((unit.name for unit in units), Treatment(FLOAT.name)), ())
    int8 = dict.fromkeys((candidates.plain, candidates.recipe_by_rule(calibration)))
    trials = race(meter, [float_recipe, *int8])
    in_float, in_int8 = trials[0], trials[1:]
    saved_mb = in_float.size_mb - min(it.size_mb for it in in_int8)
    is_smaller = saved_mb >= _least_mb(in_float.size_mb)
    is_faster = min(it.latency_ms for it in in_int8) <= (1 - LEAST_FASTER) * in_float.latency_ms
    return () if is_smaller or is_faster else trials


def why_idle(trials: tuple[Trial, ...]) -> str:
    """Say what int8 takes and what float does, given the trials of ``idle_trials``."""
    in_float = trials[0]
    int8 = min(trials[1:], key=lambda trial: trial.latency_ms)
    return (
        f"Int8 gains nothing here: with all layers in int8 a call takes {int8.latency_ms:.3g} ms and the "
        f"graph {int8.size_mb:.3g} MB, in float {in_float.latency_ms:.3g} ms and {in_float.size_mb:.3g} MB. "
        "All layers stay float."
    )


def _least_mb(size_mb: float) -> float:
    return max(LEAST_SMALLER * size_mb, LEAST_MB)


def _has_many_weights(meter: ErrorMeter) -> bool:
    """Say whether int8 saves far more than it must, as is plain without a race."""
    layers = {layer.weight: layer for layer in meter.calibration.layers}.values()
    linear = sum(FLOAT.megabytes(layer.width, layer.channels) for layer in layers)
    return not layers or SAVED * linear > 2 * _least_mb(file_mb(meter.calibration.model))
