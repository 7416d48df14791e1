"""The arithmetic of int8: w is stored as round(w / scale), symmetric, so that no zero point is needed.

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 2.1, with the zero point fixed at 0; one scale per channel as in Krishnamoorthi 2018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LARGEST = 127  # -128 stays unused: the range is symmetric


def scale_of(weight: NDArray[np.float32], axis: int, levels: int = LARGEST) -> NDArray[np.float32]:
    """Return the smallest scales with which no weight is clipped.

    Args:
        weight: (R, C).
        axis: The axis that is reduced to find a scale: 0 gives one scale a column (a linear layer's output
            channel), 1 one a row (an embedding's token).
        levels: The largest stored number.

    Returns:
        (1, C) or (R, 1). An all-zero slice has scale 1.

    Raises:
        ValueError: ``weight`` holds a NaN or an infinity.
    """
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError("holds a NaN or an infinity")
    scale: NDArray[np.float32] = (largest / levels).astype(np.float32)
    # All-zero, or too small for float32 to hold its scale to full precision: stored as zeros.
    scale[scale < np.finfo(np.float32).tiny] = 1.0
    return scale


def step_and_zero(low: float, high: float, steps: int = 255) -> tuple[np.float32, np.uint16]:
    """Return the step and the number that stands for 0, for unsigned activations that hold a range and 0.

    Args:
        low: The range's end, as onnxruntime's dynamic operators find it in every call.
        high: Its other end.
        steps: Between them: 255 or 65535.
    """
    low, high = np.minimum(np.float32(low), np.float32(0)), np.maximum(np.float32(high), np.float32(0))
    step = np.float32(1) if low == high else np.float32((high - low) / np.float32(steps))
    return step, np.uint16(np.rint(np.clip(-low / step, 0, steps)))


def round_to(
    weight: NDArray[np.float32], scale: NDArray[np.float32], levels: int = LARGEST
) -> NDArray[np.int8]:
    """Return each weight in steps of its scale, rounded to the nearest and clipped, (R, C)."""
    stored: NDArray[np.int8] = np.clip(np.rint(weight / scale), -levels, levels).astype(np.int8)
    return stored


def quantize_along(
    weight: NDArray[np.float32], axis: int, levels: int = LARGEST
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantize a matrix with one scale for each slice that keeps ``axis``'s neighbor fixed.

    Args:
        weight: (R, C), finite.
        axis: As for ``scale_of``.
        levels: The largest stored number.

    Returns:
        The int8 matrix (R, C), and the scales, (1, C) or (R, 1).

    Raises:
        ValueError: ``weight`` holds a NaN or an infinity.
    """
    scale = scale_of(weight, axis, levels)
    return round_to(weight, scale, levels), scale


def dequantize(stored: NDArray[np.int8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``stored * scale`` as float32, of ``stored``'s dims."""
    return stored.astype(np.float32) * scale
