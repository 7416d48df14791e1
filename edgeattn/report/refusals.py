"""What was refused, told once for each reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeattn.report.report import Refusal


def folded(refused: Iterable[Refusal]) -> list[Refusal]:
    """Tell what was refused at several places for one reason once, at the first of them."""
    places: dict[tuple[str, str], list[Refusal]] = {}
    for place in refused:
        places.setdefault((place.rule, place.reason), []).append(place)
    return [_counted(first, len(others)) for first, *others in places.values()]


def _counted(first: Refusal, others: int) -> Refusal:
    places = "1 more place" if others == 1 else f"{others} more places"
    return replace(first, reason=f"{first.reason} (and at {places})") if others else first
