"""A fixed range of the input by its squared error, see ``observers.least_error``."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.observers.least_error import least_error
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def reach_by_error(linear: Linear, statistics: Statistics, smallest: float) -> Linear:
    """Choose the range of a layer's input.

    Args:
        linear: The layer, smoothed perhaps; only its range changes.
        statistics: Of its input, with the histogram.
        smallest: The smallest share of either end that is tried, in (0, 1].
    """
    distribution = linear.distribution(statistics)
    return replace(linear, reach=least_error(distribution, smallest, linear.input_steps))


LEAST_ERROR_RANGE = Technique("least-error range", reach_by_error, ranges=True)
