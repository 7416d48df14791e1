"""The options of each unit: every treatment worth a look, with what it costs and what it spoils."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from edgeattn_export.graph.serialize import file_mb, weight_bytes
from edgeattn_export.quantize.calibration import Calibration
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Recipe, Treatment
from edgeattn_export.search.choose import Option
from edgeattn_export.search.cost import milliseconds, timed_layers
from edgeattn_export.search.goal import Goal
from edgeattn_export.search.judge import Judge
from edgeattn_export.search.units import Unit

LARGE = 200_000_000  # bytes of float weights, from which a trial takes seconds: fewer treatments are tried

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
    found: Options = {}
    for done, unit in enumerate(units):
        step(done, len(units))
        found[unit.name] = _measured(judge, unit, tuple(treatments(unit.first)))
    step(len(units), len(units))
    return found


def usual_treatments(judge: Judge, goal: Goal, layer: Layer) -> list[Treatment]:
    """Return what is tried in every search: few where a trial takes seconds."""
    known, candidates = judge.part.calibration, judge.bench.candidates
    found = candidates.usual(layer, goal, known.forms)
    return [each for each in found if each in candidates.few] if is_large(known) else list(found)


def single_options(
    judge: Judge, units: Sequence[Unit], groups: Mapping[str, Sequence[Option]], step: Step
) -> Options:
    """Measure, layer by layer, what was most exact of each form for its group, rounded as it will be.

    Args:
        judge: Of the graph.
        units: Of a layer each, or of layers that share a weight.
        groups: Options of the group that each layer is in, for one of its layers, by the layer's name.
        step: Told after each unit.
    """
    found: Options = {}
    for done, unit in enumerate(units):
        step(done, len(units))
        found[unit.name] = [_of_unit(judge, unit, option) for option in _leading(groups[unit.first.name])]
    step(len(units), len(units))
    return found


def embedding_options(judge: Judge, goal: Goal) -> list[Option]:
    """Measure the forms of embeddings; their size is that of all in the graph but its linear layers.

    Their time is not measured: a look-up takes no time beside the products.
    """
    layers = {layer.weight: layer for layer in judge.part.calibration.layers}.values()
    linear = sum(FLOAT.megabytes(layer.width, layer.channels) for layer in layers)
    recipes = (Recipe("", (), (form,)) for form in judge.bench.candidates.forms_of_embeddings(goal))
    return [
        Option(
            Treatment(recipe.rewrites[0]),
            judge.spoiled(recipe),
            0.0,
            max(file_mb(judge.model(recipe)) - linear, 0.0),
        )
        for recipe in recipes
    ]


def megabytes(unit: Unit, form: str, forms: Forms) -> float:
    """Return the size of a unit's weights in a form, 1 MB = 10^6 bytes."""
    return sum(forms.linear[form].megabytes(layer.width, layer.channels) for layer in _by_weight(unit))


def _measured(judge: Judge, unit: Unit, treatments: Sequence[Treatment]) -> list[Option]:
    layers, recipes = timed_layers(unit.layers), [unit.alone(treatment) for treatment in treatments]
    share = len(unit.layers) / len(layers)
    forms = judge.part.calibration.forms
    return [
        Option(
            treatment,
            judge.spoiled(recipe),
            time * share,
            megabytes(unit, treatment.form, forms),
        )
        for treatment, recipe, time in zip(
            treatments, recipes, milliseconds(judge, layers, recipes), strict=True
        )
    ]


def _of_unit(judge: Judge, unit: Unit, option: Option) -> Option:
    """Return an option of one layer as that of a unit, with what it spoils when it is rounded."""
    forms = judge.part.calibration.forms
    rounded = judge.bench.candidates.finished(option.treatment, forms)
    return replace(
        option,
        errors=judge.spoiled(unit.alone(rounded)),
        milliseconds=option.milliseconds * len(unit.layers),
        megabytes=megabytes(unit, option.treatment.form, forms),
    )


def _leading(options: Sequence[Option]) -> list[Option]:
    """Return the most exact option of each form."""
    best: dict[str, Option] = {}
    for option in options:
        form = option.treatment.form
        if form not in best or _error(option) < _error(best[form]):
            best[form] = option
    return list(best.values())


def _error(option: Option) -> float:
    return float(option.errors.mean() + option.errors.max())


def _by_weight(unit: Unit) -> Iterator[Layer]:
    yield from {layer.weight: layer for layer in unit.layers}.values()
