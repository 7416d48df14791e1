"""What became of a model's graph, in words: forms by kind of module, refusals by reason, placement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from edgeattn.report.number_words import count
from edgeattn.results.graph import Fallback, Layer, Placement, Refusal

KEPT, KEPT_WITH_INPUT = "kept", "kept with its input's"  # of a layer's trained grid
LEFT_FLOAT = "float"  # the form of what no recipe made int8
NAMED_MODULES = 3  # modules of one kind that are named at most


def module_name(path: str) -> str:
    """Return a module's path; of the model itself, whose path is empty, words for it."""
    return path or "(the model)"


def form_words(layers: Iterable[Layer]) -> str:
    """Write modules' forms as "24 linear layers as int8, 2 embeddings as int8 rows, 1 left float"."""
    forms = Counter((layer.form, "" if layer.form == LEFT_FLOAT else layer.noun) for layer in layers)
    return ", ".join(_words(*kind, number) for kind, number in forms.most_common()) or "none"


def trained_grid_words(layers: Iterable[Layer]) -> str:
    """Say how many layers kept the grid that training left them, and why others did not, a line each.

    Returns:
        Empty where training left none.
    """
    grids = [(layer.trained_grid, module_name(layer.module)) for layer in layers if layer.trained_grid]
    if not grids:
        return ""
    lost: dict[str, list[str]] = {}
    for grid, module in grids:
        if grid not in (KEPT, KEPT_WITH_INPUT):
            lost.setdefault(grid, []).append(module)
    kept = len(grids) - sum(map(len, lost.values()))
    inputs = sum(grid == KEPT_WITH_INPUT for grid, _ in grids)
    head = f"kept in {kept} of {count(len(grids), 'layer')}" + (
        f", with their inputs in {inputs}" if inputs else ""
    )
    lines = (f"not in {_first(list(dict.fromkeys(modules)))}: {reason}" for reason, modules in lost.items())
    return "\n".join((head, *lines))


def _words(form: str, noun: str, number: int) -> str:
    if form == LEFT_FLOAT:
        return f"{number} left float"
    return f"{number} {noun}{'s' if number > 1 else ''} as {form}"


def distinct_refusals(refused: Iterable[Refusal]) -> list[Refusal]:
    """Tell what was refused at several places for one reason once, at the first of them."""
    places: dict[tuple[str, str], list[Refusal]] = {}
    for place in refused:
        places.setdefault((place.rule, place.reason), []).append(place)
    return [_counted(first, len(others)) for first, *others in places.values()]


def _counted(first: Refusal, others: int) -> Refusal:
    places = "1 more place" if others == 1 else f"{others} more places"
    return replace(first, reason=f"{first.reason} (and at {places})") if others else first


def placement_words(placement: Placement) -> str:
    """Say which share of the work runs where, in how many partitions, and what falls back, a line each."""
    shares = ", ".join(f"{name} {100 * share:.3g} %" for name, share in placement.shares.items())
    head = (
        f"{placement.how}: {shares} of the multiply-accumulates; {count(placement.partitions, 'partition')}"
    )
    return "\n".join((head, *map(_line, placement.fallbacks)))


def _first(modules: list[str]) -> str:
    """Name the first of some modules, and count the others."""
    more = f" and {len(modules) - NAMED_MODULES} more" if len(modules) > NAMED_MODULES else ""
    return ", ".join(modules[:NAMED_MODULES]) + more


def _line(fallback: Fallback) -> str:
    named = [module for module in fallback.modules if module]
    modules = f" at {_first(named)}" if named else ""
    reason = f": {fallback.reason}" if fallback.reason else ""
    return f"falls back: {fallback.count} {fallback.operator}{modules}{reason}"
