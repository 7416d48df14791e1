"""Bias correction: the mean that rounding the weights moved in the output is taken back in the bias.

Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2, with
the inputs' mean from the samples.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique


def correct_bias(linear: Linear, statistics: Statistics, share: float) -> Linear:
    """Make the layer's mean output right again.

    Args:
        linear: The layer; its stored weight is fixed, its bias changes, or appears.
        statistics: Of its input.
        share: Of the correction that is applied, in (0, 1].
    """
    fixed = linear.settled()
    moved = linear.weight - fixed.dequantized  # (D, N)
    correction = (share * linear.input_statistics(statistics).mean @ moved).astype(np.float32)  # (N)
    return replace(fixed, bias=correction if linear.bias is None else linear.bias + correction)


BIAS_CORRECTION = Technique("bias correction", correct_bias)
