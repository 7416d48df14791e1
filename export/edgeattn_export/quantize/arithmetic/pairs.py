"""Sums of two products, which x86 without VNNI adds in 16 bits.

There onnxruntime multiplies u8 by s8 with vpmaddubsw, which adds the products of two neighbors along D and
saturates: 255 * 127 + 255 * 127 becomes 32767. VNNI, ARM and wasm add in 32 bits. Neighbors are the weight's
rows 0 and 1, 2 and 3 and so on; activations keep their zero point until the sums are done (onnxruntime,
mlas/lib/x86_64/QgemmU8X8KernelAvx2.S; its kernel for AVX-512 without VNNI does the same).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

INT16 = np.iinfo(np.int16)
LARGEST_SUM = INT16.max // 255  # of two neighbors' weights that no activations can make saturate: 128

Bytes = NDArray[np.int8]
N = TypeVar("N", np.int16, np.float64)


def largest_sums(weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each column's largest number or sum of two neighbors, whichever is larger, (1, N).

    Args:
        weight: (D, N).
    """
    first, second = _neighbors(weight.astype(np.float64))  # (D / 2, N) each; a sum may leave float32
    largest = np.maximum(np.maximum(np.abs(first), np.abs(second)), np.abs(first + second))
    return np.asarray(largest.max(0, keepdims=True))


def bound(stored: Bytes) -> Bytes:
    """Return the nearest matrix of which no two neighbors together exceed ``LARGEST_SUM``.

    Args:
        stored: (D, N), none -128.
    """
    first, second = _neighbors(stored.astype(np.int16))  # (D / 2, N) each
    total = first + second
    excess = total - np.clip(total, -LARGEST_SUM, LARGEST_SUM)
    half = excess // 2
    pairs = np.stack([first - half, second - (excess - half)], axis=1)  # (D / 2, 2, N)
    return pairs.reshape(-1, stored.shape[1])[: len(stored)].astype(np.int8)


def _neighbors(rows: NDArray[N]) -> tuple[NDArray[N], NDArray[N]]:
    """Return the even and the odd rows, a row of zeros after an odd number of them."""
    even = np.pad(rows, ((0, len(rows) % 2), (0, 0)))
    return even[0::2], even[1::2]
