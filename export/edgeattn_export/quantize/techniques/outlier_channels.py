"""Outlier channels are split off, for a product in float, so that they do not stretch the others' range.

Before: x W
After:  x' W + x[o] W[o],   x' = x with 0 in the few channels o that reach the farthest

Dettmers et al. 2022, "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", section 3.2, with
the channels fixed by the samples. Why they cost next to nothing, see ``outlier_split``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def split_off(linear: Linear, statistics: Statistics, share: float) -> Linear:
    """Take the farthest reaching channels out of a layer's int8 product.

    Args:
        linear: The layer, neither smoothed nor rounded yet.
        statistics: Of its input.
        share: A channel is an outlier where the median one reaches less than this share of what it reaches.
    """
    reach = statistics.largest  # (D)
    outliers = np.flatnonzero(np.median(reach) < share * reach)  # (k)
    if not len(outliers):
        return linear
    weight = linear.weight.copy()
    weight[outliers] = 0
    return replace(linear, weight=weight, outliers=outliers, outlier_weight=linear.weight[outliers])


OUTLIER_CHANNELS = Technique("outlier channels", split_off, at_run_time=True)
