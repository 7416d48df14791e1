"""What an attention's mask is, hop for hop: a band, which looks back a limited way and repeats itself.

The mask is taken at growing lengths until the band ends; at each of them, every hop has the same part of it,
or that of as many hops before as its pattern repeats after, such as the chunks of a chunked attention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.incremental.refusal import CannotStep

MOST_TIMES = 4096  # of a whole, at which a band is looked for
MOST_PATTERN = 64  # hops, after which a mask repeats itself
HIDDEN = -1e4  # what is added to a score to hide it: at most this
TOLERANCE = 1e-5  # of a bias's scale

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Band:
    """A mask that looks back a limited way.

    Attributes:
        back: How many times before a hop it sees.
        bias: What is added to scores, -inf where hidden: (pattern, ..., rate, back + rate).
    """

    back: int
    bias: Floats

    @property
    def pattern(self) -> int:
        """After how many hops it repeats itself."""
        return len(self.bias)


def band_of(mask: Callable[[int], Floats], rate: int, most: int | None) -> Band:
    """Return the band that a mask is.

    Args:
        mask: Returns it after so many hops, (..., times, times), as it is added to scores.
        rate: Times a hop.
        most: Hops that the mask can be had for; None for any.

    Raises:
        CannotStep: It looks ahead, or back without a limit, or is no band.
    """
    hops = max(8, 64 // rate)
    while True:
        hops = hops if most is None else min(hops, most)
        bias = mask(hops)
        _check_ahead(bias, rate)
        back = _look_back(bias, rate)
        if 2 * (back + rate) <= bias.shape[-1]:
            break
        if hops == most or 2 * hops * rate > MOST_TIMES:
            raise CannotStep(
                f"looks back over all {bias.shape[-1]} times that were tried, without a limit; give it a "
                "window, such as a mask of the last 64"
            )
        hops *= 2
    return _repeated(bias, rate, back)


def _check_ahead(bias: Floats, rate: int) -> None:
    times = np.arange(bias.shape[-1])
    visible = _visible(bias)
    ahead = np.where(visible, times - (times[:, None] // rate + 1) * rate + 1, 0).max()
    if ahead > 0:
        raise CannotStep(f"looks {ahead} times ahead of a hop; a causal mask, or chunks of a hop, expected")


def _look_back(bias: Floats, rate: int) -> int:
    """Return how far the hops of the second half see."""
    times = np.arange(bias.shape[-1])
    back = np.where(_visible(bias), times[:, None] // rate * rate - times, 0)
    return int(back[len(times) // 2 :].max(initial=0))


def _visible(bias: Floats) -> NDArray[np.bool_]:
    every = bias.reshape(-1, *bias.shape[-2:])
    return np.asarray(every.max(axis=0) > HIDDEN)


def _repeated(bias: Floats, rate: int, back: int) -> Band:
    hops = bias.shape[-1] // rate
    first = -(-back // rate)  # hops before which there is less to see than the band shows
    parts = [_part(bias, hop, rate, back) for hop in range(hops)]
    for pattern in range(1, min(MOST_PATTERN, hops - first) // 2 + 1):
        last = {hop % pattern: parts[hop] for hop in range(hops - pattern, hops)}
        if all(_agree(parts[hop], last[hop % pattern], back - hop * rate) for hop in range(hops)):
            return Band(back, np.stack([last[i] for i in range(pattern)]))
    raise CannotStep("has a mask or bias that is another one at each hop, whatever it sees")


def _part(bias: Floats, hop: int, rate: int, back: int) -> Floats:
    """Return a hop's rows, and its columns from ``back`` before it on: (..., rate, back + rate)."""
    begin, end = hop * rate, (hop + 1) * rate
    rows = bias[..., begin:end, max(begin - back, 0) : end]
    missing = [(0, 0)] * (rows.ndim - 1) + [(max(back - begin, 0), 0)]
    rows = np.pad(rows, missing, constant_values=-np.inf)
    return np.where(rows > HIDDEN, rows, -np.inf).astype(np.float32)


def _agree(part: Floats, expected: Floats, unfilled: int) -> bool:
    one, other = (each[..., max(unfilled, 0) :] for each in (part, expected))
    scale = np.abs(other[np.isfinite(other)]).max(initial=0.0)
    visible = np.isfinite(other)
    if not np.array_equal(np.isfinite(one), visible):
        return False
    return bool(np.abs(one[visible] - other[visible]).max(initial=0.0) <= TOLERANCE * scale)
