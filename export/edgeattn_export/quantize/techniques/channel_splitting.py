"""Channel splitting: an outlier channel comes several times, each time with a share of its number.

Before: x W
After:  x' W',   x' = [x_1, ..., a x_j, ..., x_D, (1 - a) x_j],   W' = [W; W_j]

Zhao et al. 2019, "Improving Neural Network Quantization without Retraining using Outlier Channel Splitting",
section 3.4. The shares differ a little, so that the parts are not rounded alike: equal ones would add up the
same error as often as the channel comes, where unlike ones cancel for the most part. No weight grows, as it
does by smoothing, and no float product is needed, as for outlier channels: 128 tokens, 384 to 1,536 channels,
one core: 14 us, where those take 29 behind a normalization.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.statistics import Statistics
from edgeattn_export.quantize.techniques.technique import Technique

MOST_COPIES = 8  # times that one channel comes
UNLIKE = 0.08  # by which the largest share exceeds the mean one, and the smallest falls short of it


def split(linear: Linear, statistics: Statistics, share: float) -> Linear:
    """Split the channels that reach farther than the others.

    Args:
        linear: The layer, smoothed perhaps, not rounded yet.
        statistics: Of its input.
        share: Each part of a channel reaches, about, as far as the median channel divided by it.
    """
    reach = linear.input_statistics(statistics).largest.astype(np.float64)  # (D)
    if not np.median(reach):
        return linear
    times = np.clip(np.ceil(share * reach / np.median(reach)), 1, MOST_COPIES).astype(np.int64)  # (D)
    copies = np.repeat(np.arange(len(reach)), times - 1)  # (k)
    if not len(copies):
        return linear
    sources = np.concatenate([np.arange(len(reach)), copies])  # (D + k)
    parts = np.concatenate([[_shares(count)[0] for count in times], *(_shares(count)[1:] for count in times)])
    divisor = np.ones(len(reach)) if linear.divisor is None else linear.divisor
    divided = (divisor[sources] / parts).astype(np.float32)
    return replace(linear, weight=linear.weight[sources], divisor=divided, copies=copies)


def _shares(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the shares of a channel's parts; they add up to 1."""
    return (1 + (UNLIKE * np.linspace(1, -1, count) if count > 1 else np.zeros(1))) / count


CHANNEL_SPLITTING = Technique("channel splitting", split, widens=True, at_run_time=True)
