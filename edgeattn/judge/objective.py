"""What a user asks for beside the limits."""

from __future__ import annotations

from dataclasses import dataclass

from edgeattn_export.quantize import Recipe
from edgeattn_export.search.goal import Prefer


@dataclass(frozen=True, slots=True)
class Objective:
    """What to minimize within the budget, or what to follow instead of a search.

    Attributes:
        prefer: "speed" minimizes latency, "size" the graphs with their weights.
        recipe: One to follow; None searches.
    """

    prefer: Prefer = "speed"
    recipe: Recipe | None = None


FASTEST = Objective()
