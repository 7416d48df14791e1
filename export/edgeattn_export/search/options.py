"""The options of units: what a treatment costs, and what it spoils where that has been tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgeattn_export.graph.files import file_mb, weight_bytes
from edgeattn_export.quantize.calibration.calibration import Calibration
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.recipes.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Option
from edgeattn_export.search.cost import milliseconds
from edgeattn_export.search.error_meter import ErrorMeter, Errors
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.rig import Step
from edgeattn_export.search.units import Unit

LARGE_BYTES = 200_000_000  # of float weights, from which a trial takes seconds: fewer treatments are tried
UNTRIED: Errors = np.zeros(1)  # as if a treatment spoiled nothing
UNTREATED = Recipe("", (), ())

Options = dict[str, list[Option]]  # by the unit's name


def is_large(calibration: Calibration) -> bool:
    """Say whether each trial of a graph takes seconds."""
    return weight_bytes(calibration.model) > LARGE_BYTES


def priced(meter: ErrorMeter, treatments: Mapping[Unit, Sequence[Treatment]], step: Step) -> Options:
    """Measure what treatments cost, and try none of them yet.

    Weights are not rounded by the layer's output here, which takes longer.
    """
    forms, times = meter.calibration.forms, milliseconds(meter, treatments, step)
    return {
        unit.name: [
            Option(treatment, UNTRIED, time, megabytes(unit, treatment.form, forms))
            for treatment, time in zip(own, times[unit.name], strict=True)
        ]
        for unit, own in treatments.items()
    }


def tried(meter: ErrorMeter, unit: Unit, option: Option, *, rounded: bool = False) -> Option:
    """Return an option with what it spoils and stores where nothing but its unit is treated.

    What it stores are a unit's weights, those of channels that are copied or split off among them. They are
    ``rounded`` as they will be, or not.
    """
    forms, treatment = meter.calibration.forms, option.treatment
    recipe = unit.isolated(meter.rig.candidates.finished(treatment, forms) if rounded else treatment)
    added = meter.weight_mb(recipe) - meter.weight_mb(UNTREATED)
    stored = megabytes(unit, FLOAT.name, forms) + added
    return replace(option, errors=meter.spoiled(recipe), megabytes=stored)


def worthwhile(options: Sequence[Option], goal: Goal) -> list[Option]:
    """Leave out what costs more than float, which spoils nothing; where size counts, it still has a use."""
    limits = [goal.cost(each.milliseconds, each.megabytes) for each in options if _is_float(each)]
    if goal.wants_size or not limits:
        return list(options)
    return [
        each
        for each in options
        if _is_float(each) or goal.cost(each.milliseconds, each.megabytes) < min(limits)
    ]


def leading(options: Iterable[Option]) -> list[Option]:
    """Return the most exact option of each form."""
    best: dict[str, Option] = {}
    for option in options:
        form = option.treatment.form
        if form not in best or _error(option) < _error(best[form]):
            best[form] = option
    return list(best.values())


def embedding_options(meter: ErrorMeter, goal: Goal) -> list[Option]:
    """Return the forms of embeddings; their size is the whole graph's but its linear layers'.

    Their time is not measured: a look-up takes no time compared with the products.
    """
    linear = megabytes(Unit("", meter.calibration.layers), FLOAT.name, meter.calibration.forms)
    recipes = (_embedding_recipe(form) for form in meter.rig.candidates.forms_of_embeddings(goal))
    return [
        Option(Treatment(recipe.rewrites[0]), UNTRIED, 0.0, max(file_mb(meter.model(recipe)) - linear, 0.0))
        for recipe in recipes
    ]


def tried_embedding(meter: ErrorMeter, option: Option) -> Option:
    """Return an option of embeddings with what it spoils, and what the graph does that every choice is of."""
    return replace(option, errors=meter.spoiled(_embedding_recipe(option.treatment.form)) + meter.base)


def megabytes(unit: Unit, form: str, forms: Forms) -> float:
    """Return the size of a unit's weights in a form, 1 MB = 10^6 bytes."""
    layers = {layer.weight: layer for layer in unit.layers}.values()
    return sum(forms.linear[form].megabytes(layer.width, layer.channels) for layer in layers)


def affordable(meter: ErrorMeter, treatments: Iterable[Treatment]) -> list[Treatment]:
    """Leave few treatments where a trial takes seconds; of what a limit on size asks for, all."""
    if not is_large(meter.calibration):
        return list(treatments)
    candidates = meter.rig.candidates
    few = {*candidates.few, *candidates.smaller, *candidates.kernels.layers}
    return [each for each in treatments if each in few]


def _embedding_recipe(form: str) -> Recipe:
    return Recipe("", (), (form,))


def _is_float(option: Option) -> bool:
    return option.treatment.form == FLOAT.name


def _error(option: Option) -> float:
    return float(option.errors.mean() + option.errors.max())
