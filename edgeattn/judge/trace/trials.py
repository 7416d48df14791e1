"""The inputs that a trace runs: evaluation samples, and some of them again with padding behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeattn.judge.padding import Padded
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Inputs, Samples
from edgeattn_export.graph.shapes import shaped
from edgeattn_export.lower.fixed import Sizes

MOST = 64  # samples: an error that none of so many shows is seldom where a model's loss comes from
PADDED = 8  # of them, the longest, that come again
SHOWN = 2 / 3  # of their positions, which then stay


@dataclass(frozen=True, slots=True)
class Trial:
    """One input.

    Attributes:
        name: Of the evaluation sample, for a person: "12", or "12 padded".
        inputs: By name.
        kept: Where its positions count, bool (batch, sequence); None where nothing tells padding.
    """

    name: str
    inputs: Inputs
    kept: NDArray[np.bool_] | None = None

    def counted(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return a tensor (batch, sequence, ...) without padded positions; any other as it is."""
        if self.kept is None or tensor.shape[:2] != self.kept.shape:
            return tensor
        return tensor[self.kept]


def trials(samples: Samples, padded: Padded, axes: Axes, sizes: Sizes) -> Iterator[Trial]:
    """Yield samples spread over all, and the longest again with their last third masked out.

    Samples that come one by one are seldom padded, and a mask that hides nothing shows no fault.

    Args:
        samples: The evaluation samples.
        padded: How padding is told.
        axes: The samples' axes.
        sizes: Those that the graphs fix, to which samples are cut and joined; empty where they fix none.
    """
    picked = np.unique(np.linspace(0, len(samples) - 1, MOST).astype(int)).tolist()
    inputs = {i: shaped(samples[i : i + 1], axes, sizes) if sizes else samples[i].inputs for i in picked}
    for i in picked:
        yield _trial(str(i), inputs[i], padded)
    if padded.padding is not None:
        longest = sorted(picked, key=lambda i: -sum(array.size for array in inputs[i].values()))
        for i in longest[:PADDED]:
            yield _trial(f"{i} padded", _hidden(inputs[i], padded), padded)


def _trial(name: str, inputs: Inputs, padded: Padded) -> Trial:
    padding = padded.padding
    return Trial(name, inputs, None if padding is None else inputs[padding.mask] != padding.masked_out)


def _hidden(inputs: Inputs, padded: Padded) -> Inputs:
    if padded.padding is None:
        return inputs
    mask = inputs[padded.padding.mask].copy()  # (B, S)
    mask[:, max(1, round(mask.shape[1] * SHOWN)) :] = padded.padding.masked_out
    return {**inputs, padded.padding.mask: mask}
