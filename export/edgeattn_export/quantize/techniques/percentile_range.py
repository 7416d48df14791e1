"""A fixed range of the input by percentile, see ``observers.percentile``."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.observers.percentile import percentile
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def reach_by_percentile(linear: Linear, statistics: Statistics, share: float) -> Linear:
    """Choose the range of a layer's input.

    Args:
        linear: The layer, smoothed perhaps; only its range changes.
        statistics: Of its input, with the histogram.
        share: Of the numbers that lie within the range, in (0, 1].
    """
    return replace(linear, reach=percentile(linear.distribution(statistics), share))


PERCENTILE_RANGE = Technique("percentile range", reach_by_percentile, ranges=True)
