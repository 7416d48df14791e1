"""Weight clipping: each output channel's scale is the one with the least squared error of its weights.

Banner et al. 2019, "Post training 4-bit quantization of convolutional networks for rapid-deployment",
section 3.1, by search over a grid as in Choukroun et al. 2019, "Low-bit Quantization of Neural Networks for
Efficient Inference", section 3.1, instead of an assumed distribution.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.affine import round_to
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique

GRID = 21  # shares of the largest weight that are tried


def clip(linear: Linear, _: Statistics, smallest: float) -> Linear:
    """Choose each channel's scale.

    Args:
        linear: The layer; only its scale changes.
        smallest: The smallest share of the largest weight that is tried as the range, in (0, 1].
    """
    whole = linear.steps
    best, least = whole, np.full(whole.shape, np.inf, np.float32)
    for share in np.linspace(1, smallest, GRID, dtype=np.float32):
        scale = whole * share
        moved = round_to(linear.weight, scale, linear.levels) * scale - linear.weight
        error = np.square(moved).sum(0, keepdims=True)  # (1, N)
        best, least = np.where(error < least, scale, best), np.minimum(error, least)
    return replace(linear, scale=best)


CLIPPING = Technique("clipping", clip)
