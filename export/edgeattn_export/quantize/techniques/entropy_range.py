"""A fixed range of the input by the information that it keeps, see ``observers.entropy``."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.observers.entropy import least_divergence
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def reach_by_entropy(linear: Linear, statistics: Statistics, smallest: float) -> Linear:
    """Choose the range of a layer's input.

    Args:
        linear: The layer, smoothed perhaps; only its range changes.
        statistics: Of its input, with the histogram.
        smallest: The smallest share of the farthest number that is tried as either end, in (0, 1].
    """
    distribution = linear.distribution(statistics)
    return replace(linear, reach=least_divergence(distribution, smallest, linear.input_steps))


ENTROPY_RANGE = Technique("entropy range", reach_by_entropy, ranges=True)
