"""A recipe held against the model that it is for: all of its faults at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from edgeattn_export.quantize.forms import FLOAT, Forms, LinearForm
from edgeattn_export.quantize.layers.match import Layer
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_runtime.errors import RecipeError


def check_recipe(recipe: Recipe, layers: Iterable[Layer], forms: Forms) -> None:
    """Refuse a recipe that cannot be followed.

    Args:
        recipe: The recipe.
        layers: Those of the graph.
        forms: Those of the engine.

    Raises:
        RecipeError: It names a layer, form, technique or rewrite that there is none of, a technique's number
            is out of its range, techniques are out of order, or a form does not fit its layer; every fault
            is in the message.
    """
    faults = tuple(dict.fromkeys(_faults(recipe, tuple(layers), forms)))
    if faults:
        raise RecipeError(f"recipe {recipe.name!r}: {'; '.join(faults)}")


def _faults(recipe: Recipe, layers: tuple[Layer, ...], forms: Forms) -> Iterator[str]:
    for name, _ in recipe.placed_rewrites():
        if name not in forms.rewrites:
            yield f"rewrite {name!r} is unknown; expected one of {', '.join(forms.rewrites)}"
    for pattern, treatment in recipe.layers:
        yield from _treatment_faults(pattern, treatment, forms)
        if pattern != EVERY and not any(fnmatchcase(layer.name, pattern) for layer in layers):
            yield f"layer {pattern!r} matches no layer; expected one of {_names(layers)}"
    for layer in layers:
        form = forms.linear.get(recipe.treatment(layer.name).form)
        reason = form.unfit(layer.width, layer.channels) if form is not None else None
        if form is not None and reason is not None:
            yield f"layer {layer.name!r} cannot be {form.name!r}: {reason}"


def _treatment_faults(pattern: str, treatment: Treatment, forms: Forms) -> Iterator[str]:
    if treatment.form not in forms.linear:
        expected = ", ".join(forms.linear)
        yield f"layer {pattern!r}: form {treatment.form!r} is unknown; expected one of {expected}"
    if treatment.form == FLOAT.name and treatment.techniques:
        techniques = ", ".join(name for name, _ in treatment.techniques)
        yield f"layer {pattern!r}: {techniques} found; a layer that stays float takes no technique"
    for name, number in treatment.techniques:
        if name not in TECHNIQUES:
            expected = ", ".join(TECHNIQUES)
            yield f"layer {pattern!r}: technique {name!r} is unknown; expected one of {expected}"
        elif not 0 < number <= 1:
            yield f"layer {pattern!r}: {name} {number:g} found, a number above 0 and at most 1 expected"
    names = [name for name, _ in treatment.techniques if name in TECHNIQUES]
    form = forms.linear.get(treatment.form)
    yield from (f"layer {pattern!r}: {fault}" for fault in _range_faults(names, form))
    if form is not None and form.grid.block is not None:
        widening = (name for name in names if TECHNIQUES[name].widens)
        yield from (f"layer {pattern!r}: {each} found; {form.name!r} has whole blocks" for each in widening)
    # In another order one would undo another: a scale or weight that changes after it was rounded.
    if names != [name for name in TECHNIQUES if name in names]:
        order, expected = ", ".join(names), ", ".join(TECHNIQUES)
        yield f"layer {pattern!r}: techniques {order} found; expected each once, in the order {expected}"


def _range_faults(names: list[str], form: LinearForm | None) -> Iterator[str]:
    ranges = [name for name in names if TECHNIQUES[name].ranges]
    if len(ranges) > 1:
        yield f"{', '.join(ranges)} found; expected one of them, for an input has one range"
    if ranges and form is not None and form != FLOAT and not form.calibrated:
        yield f"{ranges[0]} found; {form.name!r} finds its range in every call, or has none"


def _names(layers: tuple[Layer, ...]) -> str:
    listed = 6
    names = [layer.name or "''" for layer in layers[:listed]]
    return ", ".join(names) + (f" and {len(layers) - listed} more" if len(layers) > listed else "")
