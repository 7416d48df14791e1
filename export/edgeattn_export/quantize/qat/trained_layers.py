"""Layers whose weights training left on a grid, and what a treatment makes of their grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edgeattn_export.capture.trained_grids import Reach, Trained
from edgeattn_export.graph.scopes import modules_in
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.match import Layer, Match
from edgeattn_export.quantize.qat.trained_grid import STAYS_FLOAT, keeps, obstacle
from edgeattn_export.quantize.recipes.recipe import Treatment


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
