"""A linear layer on its way to int8: what techniques change and forms write down."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.quantize.arithmetic.grid import INT8, Grid
from edgeattn_export.quantize.arithmetic.pairs import bound, largest_sums
from edgeattn_export.quantize.layers.histogram import Distribution
from edgeattn_export.quantize.layers.statistics import Statistics

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """``output = (x / divisor) @ weight + bias``, plus ``x[outliers] @ outlier_weight``.

    Where channels are split, D counts their copies, and x has them behind its own channels.

    Attributes:
        weight: (D, N), already multiplied by what of the divisor smooths.
        bias: (N), or None.
        grid: The integers that it is stored in: 8 bits with a step a channel, 4 with one a block of rows.
        paired: Whether no two neighbors of a channel may exceed ``pairs.LARGEST_SUM`` together. That both are
            large and of one sign is rare: a larger step for channels where they are costs a fifth more error
            than int8 on MiniLM, where 7 bits for all double it.
        divisor: (D), or None where the input is taken as it comes.
        scale: (B, N), the step of each of a channel's B blocks of rows, or of all of them: (1, N); None until
            something chooses it.
        stored: (D, N) int8, the rounded weight; None until something rounds it.
        outliers: (k) Channels of the input that are split off, for a product in float; None without any.
        outlier_weight: (k, N) Their weights, as they were; in ``weight`` they are zeros.
        copies: (k) Channels of the input that come again, behind the others; None where none does.
        reach: Between which numbers the int8 product's input is quantized; None until something chooses it.
        input_steps: Into how many steps that range is divided.
    """

    weight: Floats
    bias: Floats | None
    grid: Grid = INT8
    paired: bool = False
    divisor: Floats | None = None
    scale: Floats | None = None
    stored: NDArray[np.int8] | None = None
    outliers: NDArray[np.int64] | None = None
    outlier_weight: Floats | None = None
    copies: NDArray[np.int64] | None = None
    reach: tuple[float, float] | None = None
    input_steps: int = 255

    @property
    def steps(self) -> Floats:
        """The scale that was chosen or just holds the largest weight, (B, N); larger where pairs need it."""
        scale = self.grid.scale_of(self.weight) if self.scale is None else self.scale
        if not self.paired or self.stored is not None:
            return scale
        room = largest_sums(self.weight) / self.grid.largest_sum
        return np.maximum(scale, room.astype(np.float32))

    @property
    def rounded(self) -> NDArray[np.int8]:
        """The weight as stored, (D, N): rounded to the nearest where no technique did better."""
        return self._rounded_by(self.steps)

    def _rounded_by(self, steps: Floats) -> NDArray[np.int8]:
        stored = self.grid.round(self.weight, steps) if self.stored is None else self.stored
        return bound(stored) if self.paired else stored

    @property
    def dequantized(self) -> Floats:
        """The weight as its form computes with it, (D, N)."""
        return self.grid.dequantize(self.rounded, self.steps)

    def as_float(self) -> Linear:
        """Return the float layer that multiplies its input, undivided, as this one does, (D - k, N)."""
        weight = self.dequantized  # (D, N)
        if self.divisor is not None:
            weight = weight / self.divisor[:, None]
        if self.copies is not None:
            own, copied = np.split(weight, [len(weight) - len(self.copies)])
            weight = own.copy()
            np.add.at(weight, self.copies, copied)
        if self.outliers is not None:
            weight[self.outliers] = self.outlier_weight
        return Linear(weight, self.bias)

    def settled(self) -> Linear:
        """Return the layer with its scale and its stored weight fixed."""
        steps = self.steps
        return replace(self, scale=steps, stored=self._rounded_by(steps))

    def reaching(self, statistics: Statistics) -> Linear:
        """Return the layer with the range that its int8 product sees, where none is chosen yet."""
        if self.reach is not None:
            return self
        inputs = self.input_statistics(statistics)
        return replace(self, reach=(float(inputs.low.min()), float(inputs.high.max())))

    def distribution(self, statistics: Statistics) -> Distribution:
        """Return how the numbers lie that the int8 product sees.

        Raises:
            TypeError: The statistics hold no histogram.
        """
        inputs = self.input_statistics(statistics)
        if inputs.histogram is None:
            raise TypeError("a range by what lies in it needs the histogram of the layer's input")
        return Distribution.of(inputs.histogram, float(inputs.low.min()), float(inputs.high.max()))

    def input_statistics(self, statistics: Statistics) -> Statistics:
        """Return the statistics of what the int8 product sees, given those of the layer's input."""
        divisor = np.ones(len(self.weight), np.float32) if self.divisor is None else self.divisor.copy()
        if self.outliers is not None:
            divisor[self.outliers] = np.inf
        if self.copies is not None:
            own = np.arange(len(divisor) - len(self.copies))
            statistics = statistics.taken(np.concatenate([own, self.copies]))
        return statistics.divided(divisor)
