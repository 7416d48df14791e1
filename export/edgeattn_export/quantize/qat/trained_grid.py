"""The steps that training rounded a weight by, found again in its numbers.

    w = k s        k whole numbers, s > 0 one step for all numbers of a channel or block

The largest |w| is m s with a small whole m, so that s is |w| / m of one of few m: the smallest m that makes
all numbers whole is taken. So a grid is found whatever became of the weight since: layers that were merged
into one, a factor that was folded into some of its channels. Where form and weight have no such step, the
grid is chosen as of any other weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeattn_export.quantize.arithmetic.grid import Floats, Grid
from edgeattn_export.quantize.arithmetic.pairs import LARGEST_SUM
from edgeattn_export.quantize.forms import FLOAT, LinearForm
from edgeattn_export.quantize.layers.linear import Linear

TOLERANCE = 1e-3  # steps that a number may lie beside its grid: float32 leaves 1e-4 of 128 steps
STAYS_FLOAT = "it stays float"
SENSED_ROWS = 16  # rows that tell most weights that were not rounded


@dataclass(frozen=True, slots=True)
class TrainedGrid(Grid):
    """A form's grid that takes the trained steps wherever it has them."""

    @classmethod
    def of(cls, grid: Grid) -> TrainedGrid:
        """Return the grid of the same numbers and blocks."""
        return cls(grid.lowest, grid.highest, grid.block)

    @property
    def largest_sum(self) -> int:
        """Rounding adds nothing to whole numbers."""
        return LARGEST_SUM

    def scale_of(self, weight: Floats) -> Floats:
        """Return the trained scales, and ``Grid.scale_of`` where there are none."""
        usual = Grid.storable(self, Grid.scale_of(self, weight))
        trained = self._trained_scale(self.blocks(weight))
        return np.where(np.isnan(trained), usual, trained).astype(np.float32)

    def storable(self, scale: Floats) -> Floats:
        """Return the scales as they are: in bfloat16 they would be others than the trained ones."""
        return scale

    def _trained_scale(self, blocks: Floats) -> Floats:
        """Return the scale of each block (B, block, N) that makes all its numbers whole, (B, N); else NaN."""
        largest = np.abs(blocks).max(1)  # (B, N)
        scale = np.full(largest.shape, np.nan, np.float32)
        for reach in range(1, max(-self.lowest, self.highest) + 1):
            step = largest / np.float32(reach)
            open_ = np.isnan(scale) & (largest > 0) & self._fits(blocks[:, :SENSED_ROWS], step)
            if open_.any():
                block, channel = np.nonzero(open_)
                few = blocks[block, :, channel].T[None]  # (1, block, some)
                fits = self._fits(few, step[open_][None])[0]
                scale[block[fits], channel[fits]] = step[open_][fits]
        return scale

    def _fits(self, blocks: Floats, step: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Say whether all numbers are whole, and of the grid, in steps of a block, (B, N)."""
        steps = blocks / np.where(step > 0, step, 1)[:, None]  # (B, block, N)
        whole = np.rint(steps)
        inside = (whole >= self.lowest) & (whole <= self.highest)
        return np.asarray((inside & (np.abs(steps - whole) <= TOLERANCE)).all(1))


def keeps(linear: Linear, trained: Floats) -> bool:
    """Say whether a layer multiplies by the very numbers that training left, (D, N)."""
    weight = linear.as_float().weight
    step = np.abs(linear.grid.of_rows(linear.steps, len(linear.weight)))[: len(trained)]
    return bool((np.abs(weight - trained) <= TOLERANCE * step).all())


def obstacle(weight: Floats, form: LinearForm) -> str | None:
    """Say why a form cannot have the steps that training rounded a weight (D, N) by, or return None."""
    if form == FLOAT:
        return STAYS_FLOAT
    grid = TrainedGrid.of(form.grid)
    if not keeps(Linear(weight, None, grid), weight):
        step = "a channel" if grid.block is None else f"for {grid.block} input channels"
        return (
            f"{form.name} stores {grid.lowest} to {grid.highest} in one step {step}, which its numbers do "
            "not fit"
        )
    if form.paired and not keeps(Linear(weight, None, grid, paired=True), weight):
        return (
            f"two neighbors of its numbers add up to more than {LARGEST_SUM} steps, which would saturate on "
            "x86 without VNNI"
        )
    return None
