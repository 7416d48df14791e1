"""What became of a model's graph, in words: forms by kind of module, refusals by reason, placement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from edgeattn.report.number_words import count
from edgeattn.results.graph import Fallback, Layer, Placement, Refusal

LEFT_FLOAT = "float"  # the form of what no recipe made int8
NAMED_MODULES = 3  # modules of a fallback that are named at most


def module_name(path: str) -> str:
    """Return a module's path; of the model itself, whose path is empty, words for it."""
    return path or "(the model)"


def form_words(layers: Iterable[Layer]) -> str:
    """Write modules' forms as "24 linear layers as int8, 2 embeddings as int8 rows, 1 left float"."""
    forms = Counter((layer.form, "" if layer.form == LEFT_FLOAT else layer.noun) for layer in layers)
    return ", ".join(_words(*kind, number) for kind, number in forms.most_common()) or "none"


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


def _line(fallback: Fallback) -> str:
    named = [module for module in fallback.modules if module]
    more = f" and {len(named) - NAMED_MODULES} more" if len(named) > NAMED_MODULES else ""
    modules = f" at {', '.join(named[:NAMED_MODULES])}{more}" if named else ""
    reason = f": {fallback.reason}" if fallback.reason else ""
    return f"falls back: {fallback.count} {fallback.operator}{modules}{reason}"
