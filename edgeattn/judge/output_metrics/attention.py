"""How near int8's attention map is to the original's: its rows are distributions, and compared as such."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.output_metrics.output_metric import OutputAnswers, OutputMetric, mean_loss


def total_variation(expected: NDArray[np.generic], actual: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return half the sum of absolute differences of rows, (..., T) to (...); NaN where one has it."""
    difference = np.abs(np.asarray(expected, np.float64) - np.asarray(actual, np.float64))
    distance: NDArray[np.float64] = difference.sum(axis=-1) / 2
    return distance


def _distance(answered: OutputAnswers) -> float:
    return float(total_variation(answered.expected, answered.actual).mean())


ATTENTION_DISTANCE = OutputMetric(
    name="attention_distance", output="attention", keep=_distance, mean=mean_loss
)
