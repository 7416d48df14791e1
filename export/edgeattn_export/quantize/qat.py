"""Grids that quantization-aware training left in weights, and what a treatment makes of them.

    w = k s        k whole numbers, s > 0 one step for all numbers of a channel or block

The steps are found again in the numbers. The largest |w| is m s with a small whole m, so that s is |w| / m of
one of few m: the smallest m that makes all numbers whole is taken. So a grid is found whatever became of the
weight since: layers that were merged into one, a factor that was folded into some of its channels. Where form
and weight have no such step, the grid is chosen as of any other weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgeattn_export.capture.trained_grids import Reach, Trained
from edgeattn_export.graph.scopes import modules_in
from edgeattn_export.quantize.arithmetic.grid import Floats, Grid
from edgeattn_export.quantize.arithmetic.pairs import LARGEST_SUM
from edgeattn_export.quantize.forms import FLOAT, LinearForm
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer, Match
from edgeattn_export.quantize.recipes.recipe import Treatment

TOLERANCE = 1e-3  # steps that a number may lie off its grid: float32 leaves 1e-4 of 128 steps
STAYS_FLOAT = "it stays float"
SENSED_ROWS = 16  # rows that expose most weights that were not rounded


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


@dataclass(frozen=True, slots=True)
class TrainedLayers:
    """What training knows of a graph's layers.

    Attributes:
        trained: Of the module.
        layers: The graph's linear layers.
        matches: Of their nodes, by name: their weights as training left them.
    """

    trained: Trained
    layers: Sequence[Layer]
    matches: Mapping[str, Match]
    _obstacles: dict[tuple[str, str], str | None] = field(default_factory=dict, init=False)  # by weight, form

    def is_trained(self, layer: Layer) -> bool:
        """Say whether training left a layer's weight on a grid."""
        return self._is_trained(layer.weight, layer.module)

    def without_form(self) -> dict[str, str]:
        """Return why a trained grid is lost whatever a recipe says, by the name of the layer's node."""
        formed = {layer.node for layer in self.layers}
        lost: dict[str, str] = {}
        for node, match in self.matches.items():
            others = [name for name in modules_in(match.module) if name not in self.trained.layers]
            if self._is_trained(match.weight.name or "", match.module):
                lost |= {} if node in formed else {node: STAYS_FLOAT}
            elif len(others) < len(modules_in(match.module)):
                lost[node] = f"it is one with {', '.join(others)}, where training left none"
        return lost

    def take_steps(self, layer: Layer, form: LinearForm) -> bool:
        """Say whether a layer has a grid since training, whose steps a form has too."""
        return self.is_trained(layer) and self._obstacle(layer, form) is None

    def with_reach(self, layer: Layer, linear: Linear) -> Linear:
        """Let a layer's input reach as far as training let it, where the layer takes it as it comes."""
        changed = (linear.reach, linear.divisor, linear.outliers, linear.copies)
        if any(each is not None for each in changed):
            return linear
        return replace(linear, reach=self._reach(layer))

    def keeps_reach(self, layer: Layer, linear: Linear | None) -> bool:
        """Say whether a layer's input, where it has a fixed range, has the one that training left it."""
        reach = None if linear is None else linear.reach
        return reach is not None and reach == self._reach(layer)

    def why_lost(
        self, layer: Layer, treatment: Treatment, form: LinearForm, linear: Linear | None
    ) -> str | None:
        """Say why a layer has lost the grid that training left it, or return None where it has it still.

        Args:
            layer: One that ``is_trained``.
            treatment: What was done to it.
            form: The treatment's.
            linear: What that made of it; None where it stays float.
        """
        if linear is not None and keeps(linear, self.matches[layer.node].array):
            return None
        techniques = ", ".join(name for name, _ in treatment.techniques)
        return self._obstacle(layer, form) or f"its weight is moved by {techniques}"

    def _is_trained(self, weight: str, module: str) -> bool:
        return weight in self.trained.layers or self.trained.layers.issuperset(modules_in(module))

    def _reach(self, layer: Layer) -> Reach | None:
        """Return between which numbers training rounded the inputs that meet a layer's weight."""
        layers = [each for each in self.layers if each.weight == layer.weight]
        names = {name for each in layers for name in modules_in(each.module)}
        reaches = {self.trained.reaches.get(layer.weight) or self.trained.reaches.get(name) for name in names}
        return reaches.pop() if len(reaches) == 1 else None

    def _obstacle(self, layer: Layer, form: LinearForm) -> str | None:
        """Say why a form has not the steps that training left a layer's weight in, or return None."""
        key = layer.weight, form.name
        if key not in self._obstacles:
            self._obstacles[key] = obstacle(self.matches[layer.node].array, form)
        return self._obstacles[key]
