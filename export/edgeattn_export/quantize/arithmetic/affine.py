"""The steps of activations: unsigned numbers, of which one stands for 0.

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 2.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

EIGHT, SIXTEEN = 255, 65535  # steps between the ends of a range


class Steps(NamedTuple):
    """How a value is stored: ``(stored - zero) * step``.

    Attributes:
        step: Of two neighbors.
        zero: The number that stands for 0, of the stored dtype.
    """

    step: np.float32
    zero: np.uint8 | np.uint16


def step_and_zero(low: float, high: float, steps: int = EIGHT) -> Steps:
    """Return the steps that hold a range and 0.

    Args:
        low: The range's end, as onnxruntime's dynamic operators find it in every call.
        high: Its other end.
        steps: Between them: ``EIGHT`` or ``SIXTEEN``, stored as uint8 or uint16.
    """
    low, high = np.minimum(np.float32(low), np.float32(0)), np.maximum(np.float32(high), np.float32(0))
    step = np.float32(1) if low == high else np.float32((high - low) / np.float32(steps))
    dtype = np.uint8 if steps == EIGHT else np.uint16
    return Steps(step, dtype(np.rint(np.clip(-low / step, 0, steps))))
