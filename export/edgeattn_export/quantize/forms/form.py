"""What a form is: a way to compute a layer, and all that the rest of the workshop must know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.rule import Rule
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.quantize.arithmetic.grid import INT8, Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.ranges import Ranges

M = TypeVar("M")

Placed = Iterable[tuple[str, str]]  # rewrites, each with the pattern of the modules that it is for
SCALE = 4  # bytes for each output channel


@dataclass(frozen=True, slots=True)
class LinearForm(ABC):
    """One way to compute a linear layer, D to N channels.

    Attributes:
        name: In recipes and reports.
        grid: The integers that its weights are stored in, and the rows that share a step.
        paired: Whether its weights are kept from saturating where two are added in 16 bits, see ``pairs``;
            not those that cannot, such as unsigned ones.
        calibrated: Whether it needs to know how far its input reaches.
        input_steps: Into how many steps it then divides that range.
        bytes_per_weight: Of what it stores, scales by block included.
    """

    name: str
    grid: Grid = INT8
    paired: bool = True
    calibrated: bool = False
    input_steps: int = 255
    bytes_per_weight: float = 1.0

    noun: ClassVar[str] = "linear layer"
    fuses: ClassVar[bool] = False  # whether a graph's values behind the layer may become its own

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Say why a layer of D = ``width`` and N = ``channels`` cannot have this form, or return None."""
        return None

    def megabytes(self, width: int, channels: int) -> float:
        """Return the size of a layer's weight, 1 MB = 10^6 bytes."""
        return (width * self.bytes_per_weight + SCALE) * channels / 1e6

    @abstractmethod
    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Record the operators for ``x``, already divided, and return the output; ``name`` names weights."""


class WholeForm(Protocol):
    """A form of all that flows between layers, for engines that compute in integers or 16-bit floats."""

    @property
    def name(self) -> str:
        """In reports, of layers that have no form of their own."""

    @property
    def noun(self) -> str:
        """What these are, in the singular."""

    def balance(self, model: ir.Model, trials: Sequence[Inputs], engine: Engine, rewrites: Placed) -> None:
        """Change a graph whose layers are in their forms, in place, so that storing it loses less.

        Args:
            model: The graph.
            trials: Inputs that drive its values as far as any do.
            engine: What runs it.
            rewrites: Those of the recipe, see ``Recipe.placed_rewrites``.
        """

    def store(self, model: ir.Model, ranges: Ranges) -> tuple[str, ...]:
        """Store the values of a graph whose layers are in their forms, in place, by how far they reach.

        Returns:
            What the user should know, in words.
        """

    def complete(self, model: ir.Model) -> None:
        """Store what became a constant when sizes were bound, in place."""

    def floats(self, model: ir.Model) -> frozenset[str]:
        """Return the names of the values that stay float: no layer that makes one gets a form."""


class Rewrite(Rule[M], Protocol[M]):
    """A form of what is no linear layer: a rule of ``graph.rule`` that may change numbers."""

    @property
    def noun(self) -> str:
        """What it is a form of, in the singular."""
