"""Activation smoothing: channels with outliers are divided, and the weight's rows multiplied instead.

Before: x W
After:  (x / s) (s W),   s_j = max|x_j|^a / max|W_j|^(1-a)

Xiao et al. 2022, "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models",
section 4, equation 4. Its exponent a is searched here: the usual 0.5 can be worse than none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique

SMALLEST_SHARE = 1e-5  # of the largest: a channel that is never used has no outliers to move


def smooth(linear: Linear, statistics: Statistics, exponent: float) -> Linear:
    """Move outliers from the input into the weight, exactly.

    Args:
        linear: The layer; only its weight and divisor change.
        statistics: Of its input.
        exponent: a in (0, 1]: how much of the outliers is moved.
    """
    x = linear.input_statistics(statistics).largest.astype(np.float64)  # (D)
    w = np.abs(linear.weight).max(1).astype(np.float64)  # (D)
    if not x.any() or not w.any():
        return linear
    x, w = np.maximum(x, SMALLEST_SHARE * x.max()), np.maximum(w, SMALLEST_SHARE * w.max())
    logarithm = exponent * np.log(x) - (1 - exponent) * np.log(w)
    divisor = np.exp(logarithm - logarithm.mean()).astype(np.float32)  # a common factor changes nothing
    whole = divisor if linear.divisor is None else linear.divisor * divisor
    return replace(linear, weight=linear.weight * divisor[:, None], divisor=whole)


SMOOTHING = Technique("smoothing", smooth, at_run_time=True)
