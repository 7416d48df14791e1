"""A fixed range of the input by percentile: it leaves out so many numbers at either end.

McKinstry et al. 2018, "Discovering Low-Precision Networks Close to Full-Precision Networks", section 3.1.
"""

from __future__ import annotations

import numpy as np

from edgeattn_export.quantize.layers.histogram import Distribution
from edgeattn_export.quantize.techniques.technique import Technique


def percentile(distribution: Distribution, share: float, _: int) -> tuple[float, float]:
    """Return a range that holds 0.

    Args:
        distribution: Of the numbers.
        share: Of them that the range holds, in (0, 1]; half of the others lie beyond either end.
    """
    below = np.concatenate([[0], np.cumsum(distribution.counts)])  # (FINE + 1)
    outside = (1 - share) / 2 * below[-1]
    first = np.searchsorted(below, outside, side="right") - 1
    last = np.searchsorted(below, below[-1] - outside, side="left")
    return min(float(distribution.edges[first]), 0.0), max(float(distribution.edges[last]), 0.0)


PERCENTILE_RANGE = Technique.of_range("percentile range", percentile)
