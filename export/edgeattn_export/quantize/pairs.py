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
SUMS_AT_ONCE = 2**22  # sums held at once

Bytes = NDArray[np.int8]
Ints = NDArray[np.int32]
N = TypeVar("N", np.int8, np.int16, np.int32, np.float64)


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


def can_saturate(weight: Bytes) -> bool:
    """Say whether there are activations with which ``x @ weight`` saturates, weight (D, N)."""
    return bool(_exceeding(weight).any())


def saturation_loss(x: NDArray[np.uint8], weight: Bytes) -> tuple[Ints, int]:
    """Return what saturation takes from ``x @ weight``, and from how many of its pairs.

    Args:
        x: (T, D)
        weight: (D, N)

    Returns:
        What the right sums exceed the saturated ones by, (T, N), and a count of at most T * ceil(D / 2) * N.
    """
    column, pair = np.nonzero(_exceeding(weight).T)  # few: only their sums are made
    x1, x2 = _neighbors(x.T.astype(np.int32))  # (D / 2, T) each
    w1, w2 = (w[pair, column].astype(np.int32) for w in _neighbors(weight))
    # Where two weights' signs agree, a sum grows with both activations; where they do not, it always fits.
    most = w1 * x1.max(1, initial=0)[pair] + w2 * x2.max(1, initial=0)[pair]
    reached = np.flatnonzero(np.abs(most) > INT16.max)
    whole = np.zeros((weight.shape[1], len(x)), np.int32)
    count = 0
    batch = max(1, SUMS_AT_ONCE // max(1, len(x)))
    for start in range(0, len(reached), batch):
        chunk = reached[start : start + batch]
        sums = x1[pair[chunk]] * w1[chunk, None] + x2[pair[chunk]] * w2[chunk, None]  # (some, T)
        over = sums - np.clip(sums, INT16.min, INT16.max)
        begins = np.flatnonzero(np.diff(column[chunk], prepend=-1))
        whole[column[chunk][begins]] += np.add.reduceat(over, begins, axis=0)
        count += int(np.count_nonzero(over))
    return whole.T, count


def _exceeding(weight: Bytes) -> NDArray[np.bool_]:
    """Return which neighbors together exceed ``LARGEST_SUM``, (D / 2, N)."""
    first, second = _neighbors(weight.astype(np.int16))
    return np.asarray(np.abs(first + second) > LARGEST_SUM)


def _neighbors(rows: NDArray[N]) -> tuple[NDArray[N], NDArray[N]]:
    """Return the even and the odd rows, a row of zeros after an odd number of them."""
    even = np.pad(rows, ((0, len(rows) % 2), (0, 0)))
    return even[0::2], even[1::2]
