"""What each module adds to the error, as dots on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeattn.judge.module_loss import ModuleLoss
from edgeattn.report.number_words import LEAST_ERROR

_LARGEST = 1.0  # all of a tensor; more is drawn at the end of the axis


@dataclass(frozen=True, slots=True)
class Dots:
    """Where a module's errors lie, in percent of the axis; None where there is none to draw."""

    introduced: float | None
    accumulated: float | None


def dots(losses: Sequence[ModuleLoss]) -> list[tuple[ModuleLoss, Dots]]:
    """Lay out each module's errors, in the order in which they come."""
    return [(it, Dots(_at(it.introduced), _at(it.accumulated))) for it in losses]


def _at(error: float | None) -> float | None:
    if error is None or error < LEAST_ERROR:
        return None
    least, largest = math.log(LEAST_ERROR), math.log(_LARGEST)
    return round(100 * (min(math.log(error), largest) - least) / (largest - least), 1)
