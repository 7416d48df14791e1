"""Weight clipping: each scale is the one with the least squared error of its weights.

Banner et al. 2019, "Post training 4-bit quantization of convolutional networks for rapid-deployment",
section 3.1, by search over a grid as in Choukroun et al. 2019, "Low-bit Quantization of Neural Networks for
Efficient Inference", section 3.1, instead of an assumed distribution.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.arithmetic.grid import Floats, Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique

GRID = 21  # shares of the largest weight that are tried


def clip(linear: Linear, _: Statistics, smallest: float) -> Linear:
    """Choose the scale of each channel, or of each block of its rows.

    Args:
        linear: The layer; only its scale changes.
        smallest: The smallest share of the largest weight that is tried as the range, in (0, 1].
    """
    return replace(linear, scale=least_error_scale(linear.grid, linear.weight, linear.steps, smallest))


def least_error_scale(grid: Grid, weight: Floats, whole: Floats, smallest: float) -> Floats:
    """Return the scales (B, N) with the least squared error.

    Args:
        grid: What the weight is stored in.
        weight: (D, N)
        whole: (B, N), those by which nothing is clipped.
        smallest: As for ``clip``.
    """
    best, least = whole, np.full(whole.shape, np.inf, np.float32)
    for share in np.linspace(1, smallest, GRID, dtype=np.float32):
        scale = grid.storable(whole * share)
        moved = grid.dequantize(grid.round(weight, scale), scale) - weight
        error = np.square(grid.blocks(moved)).sum(1)  # (B, N)
        best, least = np.where(error < least, scale, best), np.minimum(error, least)
    return best


CLIPPING = Technique("clipping", clip)
