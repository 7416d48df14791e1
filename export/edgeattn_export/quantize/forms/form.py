"""What a form is: a way to compute a layer, and all that the rest of the workshop must know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.rule import Check, Rule
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.quantize.arithmetic.affine import EIGHT, Steps, step_and_zero
from edgeattn_export.quantize.arithmetic.grid import INT8, Grid
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.quantize.layers.ranges import Ranges

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
    input_steps: int = EIGHT
    bytes_per_weight: float = 1.0

    noun: ClassVar[str] = "linear layer"
    fuses: ClassVar[bool] = False  # whether a graph's values behind the layer may become its own

    def unfit(self, width: int, channels: int) -> str | None:  # noqa: ARG002
        """Say why a layer of D = ``width`` and N = ``channels`` cannot have this form, or return None."""
        return None

    def megabytes(self, width: int, channels: int) -> float:
        """Return the size of a layer's weight, 1 MB = 10^6 bytes."""
        return (width * self.bytes_per_weight + SCALE) * channels / 1e6

    def quantized_input(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> list[ir.Value]:
        """Record ``quantized`` of a layer's input by its fixed range.

        Raises:
            ValueError: The layer does not know how far its input reaches.
        """
        if linear.reach is None:
            raise ValueError(f"layer {name!r} has no range for its input; calibrate it")
        return quantized(tape, x, step_and_zero(*linear.reach, self.input_steps), name)

    @abstractmethod
    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Record the operators for ``x``, already divided, and return the output; ``name`` names weights."""


def quantized(tape: Tape, value: ir.Value, steps: Steps, name: str) -> list[ir.Value]:
    """Record the quantization of a value; return what is stored, its step and its zero."""
    step = embed(tape, np.array(steps.step), f"{name}.step")
    zero = embed(tape, np.array(steps.zero), f"{name}.zero")
    return [tape.op("QuantizeLinear", [value, step, zero]), step, zero]


def stored_weight(tape: Tape, linear: Linear, name: str) -> tuple[ir.Value, ir.Value]:
    """Record the int8 weight (D, N), and its scales (N)."""
    stored = embed(tape, np.ascontiguousarray(linear.rounded), f"{name}.int8")
    return stored, embed(tape, linear.steps[0], f"{name}.scale")


def stored_bias(tape: Tape, linear: Linear, name: str) -> ir.Value | None:
    """Record the bias (N), where the layer has one."""
    return None if linear.bias is None else embed(tape, linear.bias, f"{name}.bias")


def biased_product(tape: Tape, x: ir.Value, weight: ir.Value, linear: Linear, name: str) -> ir.Value:
    """Record the product with a float weight, and the addition of the bias, where the layer has one."""
    product, bias = tape.op("MatMul", [x, weight]), stored_bias(tape, linear, name)
    return product if bias is None else tape.op("Add", [product, bias])


class LinearFloat(LinearForm):
    """The exact form, which takes no technique; written anew only where it takes over what others need."""

    def emit(self, tape: Tape, x: ir.Value, linear: Linear, name: str) -> ir.Value:
        """Emit the product and its bias."""
        weight = embed(tape, np.ascontiguousarray(linear.weight), f"{name}.float")
        return biased_product(tape, x, weight, linear, name)


FLOAT = LinearFloat("float", paired=False, bytes_per_weight=4.0)


class WholeForm:
    """A form of all that flows between layers, for engines that compute in integers or 16-bit floats.

    Attributes:
        name: In reports, of layers that have no form of their own.
        noun: What these are, in the singular.
    """

    name: str
    noun: str = "layer"

    def balance(self, model: ir.Model, trials: Sequence[Inputs], engine: Engine, rewrites: Placed) -> None:
        """Change a graph whose layers are in their forms, in place, so that storing it loses less.

        Args:
            model: The graph.
            trials: Inputs that drive its values as far as any do.
            engine: What runs it.
            rewrites: Those of the recipe, see ``Recipe.placed_rewrites``.
        """

    def store(self, model: ir.Model, ranges: Ranges) -> tuple[str, ...]:
        """Store the values of a graph whose layers are in their forms, in place.

        Args:
            model: The graph.
            ranges: How far each float value reaches.

        Returns:
            What the user should know, in words.
        """
        raise NotImplementedError

    def complete(self, model: ir.Model) -> None:
        """Store what became a constant when sizes were bound, in place."""

    def floats(self, _: ir.Model) -> frozenset[str]:
        """Return the names of the values that stay float: no layer that makes one gets a form."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Rewrite(Rule):
    """A form of what is no linear layer: a rule that may change numbers.

    Attributes:
        noun: What it is a form of, in the singular.
    """

    noun: str


def rewrite(name: str, noun: str, *roots: str) -> Callable[[Check], Rewrite]:
    """Make a form of a function, as ``rule`` does: ``@rewrite("gelu tanh", "activation", "Gelu")``."""
    return partial(Rewrite, name, frozenset(roots), noun=noun)
