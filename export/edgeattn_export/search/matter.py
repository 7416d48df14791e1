"""Which units spoil so much that it matters how they are treated: the others stay in their cheapest form."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from edgeattn_export.search.choose import Option, predicted
from edgeattn_export.search.goal import Goal

NEGLIGIBLE = 0.1  # of what may be spoiled, or is: the share of all units together that are not looked at


def matter(choice: Mapping[str, Option], goal: Goal) -> frozenset[str]:
    """Name the units that spoil the most; the others together spoil a negligible share.

    Nothing that these others could be given instead would gain more than that share.

    Args:
        choice: An option of each unit, tried.
        goal: What may be spoiled.
    """
    if math.isfinite(goal.size_mb):  # what some units may take depends on what the others leave
        return frozenset(choice)
    total = predicted(choice)
    mean = NEGLIGIBLE * min(goal.mean_error, float(total.mean()))
    worst = NEGLIGIBLE * min(goal.worst_error, float(total.max()))
    ordered = sorted(choice, key=lambda name: float(choice[name].errors.mean() + choice[name].errors.max()))
    spoiled = np.cumsum([np.broadcast_to(choice[name].errors, total.shape) for name in ordered], axis=0)
    return frozenset(
        name
        for name, errors in zip(ordered, spoiled, strict=True)
        if choice[name].errors.any() and (errors.mean() > mean or errors.max() > worst)
    )
