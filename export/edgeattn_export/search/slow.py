"""Where int8 gains nothing: the cause of every layer that stays float, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipe import Recipe
from edgeattn_export.search.choose import Option
from edgeattn_export.search.units import Unit

SMALL = 64 * 1024  # weights, below which a product takes about as long as quantizing its input


def not_faster(
    units: Iterable[Unit], options: Mapping[str, Sequence[Option]], recipe: Recipe, fastest: str
) -> tuple[str, ...]:
    """Say of each unit that stays float for speed why int8 is not faster here.

    Args:
        units: All of a graph.
        options: Of each unit, float and the fastest form among them.
        recipe: What was chosen.
        fastest: The fastest form's name; float itself where the engine has no other.
    """
    if fastest == FLOAT.name:
        return ()  # an engine of floats
    kept = [unit for unit in units if recipe.treatment(unit.first.name).form == FLOAT.name]
    times = [[_least(options[unit.name], form) for form in (FLOAT.name, fastest)] for unit in kept]
    return tuple(
        _words(unit, plain, int8) for unit, (plain, int8) in zip(kept, times, strict=True) if plain <= int8
    )


def _words(unit: Unit, plain: float, int8: float) -> str:
    layer, count = unit.first, len(unit.layers)
    which = f"layer {layer.name!r}" + (f" and {count - 1} like it" if count > 1 else "")
    cause = (
        f"its {layer.width} x {layer.channels} weights are few, quantizing its input costs more than it saves"
        if layer.width * layer.channels <= SMALL
        else "its products are bound by memory, or this processor has no fast int8 kernel for them"
    )
    return (
        f"Int8 is not faster here: {which} takes {1e3 * plain / count:.3g} us in float and "
        f"{1e3 * int8 / count:.3g} in int8: {cause}. It stays float."
    )


def _least(options: Sequence[Option], form: str) -> float:
    return min(option.milliseconds for option in options if option.treatment.form == form)
