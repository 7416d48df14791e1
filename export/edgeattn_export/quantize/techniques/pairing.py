"""Pairing: a scale with which two neighboring weights fit 16 bits together, so that every CPU answers alike.

x86 without VNNI adds the products of two neighbors along D in 16 bits (``quantize/pairs.py``). Weights of 7
bits never saturate there, but are rounded twice as coarsely. Neighbors that are both large and of one sign
are rare: a larger scale for the channels that have some is as safe, and costs a fifth on MiniLM.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.affine import LARGEST
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.pairs import reach
from edgeattn_export.quantize.statistics import Statistics


def pair(linear: Linear, _: Statistics, share: float) -> Linear:
    """Make a layer unable to saturate, whatever its input.

    Args:
        linear: The layer; its scale grows where it must. A rounding by output comes after it, not before.
        share: Of the largest sum of two neighbors that the scale makes room for, in (0, 1]; what exceeds the
            room is cut. 1 cuts nothing.
    """
    steps = linear.steps
    room = (share * reach(linear.weight) / LARGEST).astype(
        np.float32
    )  # rounding adds 1, and LARGEST + 1 fits
    return replace(linear, paired=True, scale=np.maximum(steps, room), stored=None)
