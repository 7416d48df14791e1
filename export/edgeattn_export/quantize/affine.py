"""The arithmetic of int8: w is stored as round(w / scale), symmetric, so that no zero point is needed.

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 2.1, with the zero point fixed at 0; one scale per channel as in Krishnamoorthi 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 127  # -128 stays unused: the range is symmetric


def quantize_along(weight: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantize a matrix with one scale for each slice that keeps ``axis``'s neighbor fixed.

    Args:
        weight: (R, C), finite.
        axis: The axis that is reduced to find a scale: 0 gives one scale a column (a linear layer's output
            channel), 1 one a row (an embedding's token).

    Returns:
        The int8 matrix (R, C), and the scales, (1, C) or (R, 1). An all-zero slice has scale 1.

    Raises:
        ValueError: ``weight`` holds a NaN or an infinity.
    """
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError("holds a NaN or an infinity")
    scale = (largest / LARGEST).astype(np.float32)
    # All-zero, or too small for float32 to hold its scale to full precision: stored as zeros.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    stored = np.clip(np.rint(weight / scale), -LARGEST, LARGEST).astype(np.int8)
    return stored, scale


def dequantize(stored: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``stored * scale`` as float32, of ``stored``'s dims."""
    return stored.astype(np.float32) * scale
