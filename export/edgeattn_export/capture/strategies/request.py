"""What is to be exported: a module with its inputs in order, and examples of them in any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import torch
from torch import fx, nn

from edgeattn_export.capture.adapt.known_numbers import KnownNumbers
from edgeattn_export.capture.adapt.lengths import SizesOfLengths, note_longest
from edgeattn_export.capture.adapt.own_names import meaning
from edgeattn_export.capture.adapt.size_decisions import decided_as_sizes
from edgeattn_export.capture.adapt.symbolic_builtins import SYMBOLIC_NUMBERS, SYMBOLIC_SIZES
from edgeattn_export.capture.adapt.tracing import traceable
from edgeattn_export.capture.export_errors import ValueDependentError, depends_on_values, explanation
from edgeattn_export.capture.original.answer import output_tensors
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.scopes import WRAPPED
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_runtime.errors import CaptureError, EdgeAttnError

Program = torch.export.ExportedProgram
Sizes = Mapping[str, int]  # of an example, by symbol
Tensors = tuple[torch.Tensor, ...]

EXAMPLE_ROWS = 2  # rows of an example
SHORTEST_AXIS = 3  # of any other axis


class PositionalModule(nn.Module):
    """The user's module, taking its inputs in order and answering with a tuple of tensors."""

    def __init__(
        self,
        reference: Reference,
        names: tuple[str, ...],
        outputs: tuple[str, ...],
        filled: Mapping[str, tuple[str, int]],
    ) -> None:
        super().__init__()
        setattr(self, WRAPPED, reference.module)
        self.call, self.names, self.outputs, self.filled = reference.call, names, outputs, filled

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Call the module as its samples do."""
        by_name = dict(zip(self.names, inputs, strict=True))
        for name, (source, axis) in self.filled.items():
            note_longest(by_name[name], by_name[source].shape[axis])
        raw = self.call.raw(getattr(self, WRAPPED), by_name)
        tensors = output_tensors(raw, self.call.left_out, self.names)
        return tuple(tensors[name] for name in self.outputs)


@dataclass(frozen=True, slots=True)
class FixedAxis:
    """An axis that is a number in a program: of which input, which one, its name and its size."""

    input: str
    axis: int
    symbol: str
    size: int


class Mode(Enum):
    """What becomes of a number that forward reads off a tensor while it is traced."""

    REFUSE = auto()
    KEEP = auto()  # it stays a symbol, taken for a size
    LENGTHS = auto()  # the longest of the axes' lengths is read as a size, which the contract then promises


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """A module, its real samples, the axes that are to be dynamic, and its outputs' names."""

    reference: Reference
    samples: Samples
    axes: Axes
    outputs: tuple[str, ...]
    mode: Mode = Mode.REFUSE

    @property
    def lengths(self) -> Mapping[str, str]:
        """The inputs of lengths that fill a symbol's axis in every call, by name."""
        return self.axes.lengths if self.mode is Mode.LENGTHS else {}

    @property
    def module(self) -> PositionalModule:
        """The module as it is traced."""
        filled = {name: self.axes.place(symbol) for name, symbol in self.lengths.items()}
        named = PositionalModule(self.reference, self.samples.names, self.outputs, filled)
        named.eval()
        return named

    @property
    def longest(self) -> dict[str, int]:
        """The sizes of the example that is tried first."""
        return self.sizes(max(self.samples, key=lambda sample: sum(v.size for v in sample.inputs.values())))

    def sizes(self, sample: Sample) -> dict[str, int]:
        """Return an example's sizes: a sample's, but none below 2, and no two alike.

        torch.export takes a size of 0 or 1 for a constant, and equal sizes for one symbol. Of packed axes the
        sizes are the sample's own.
        """
        sizes = sizes_of(sample.inputs, self.axes)
        used: set[int] = set()
        for symbol in sorted(self.axes.symbols, key=lambda symbol: symbol not in self.axes.packed):
            if symbol in self.axes.packed:
                used.add(sizes[symbol])
                continue
            size = EXAMPLE_ROWS if symbol == self.axes.batch else max(sizes[symbol], SHORTEST_AXIS)
            while size in used:
                size -= 1 if size > SHORTEST_AXIS else -len(used)
            used.add(size)
            sizes[symbol] = size
        return sizes

    def example(self, sizes: Sizes) -> Tensors:
        """Return inputs in order, made of the samples' rows."""
        inputs = sized_inputs(self.samples, self.axes, sizes)
        return tuple(torch.from_numpy(np.array(value)) for value in inputs.values())

    def takes(self, sizes: Sizes) -> bool:
        """Say whether the module answers inputs of these sizes, the others as in the first sample."""
        try:
            self.reference(sized_inputs(self.samples, self.axes, sizes))
        except EdgeAttnError:
            return False
        return True

    def exported(self, sizes: Sizes, module: nn.Module | None = None, *, strict: bool = False) -> Program:
        """Export a module that takes the inputs in order, on an example of these sizes.

        Args:
            sizes: Of the example.
            module: As ``module`` is, which it is by default.
            strict: Read Python's bytecode, rather than run it on symbols.

        Raises:
            ValueDependentError: It makes a number of a tensor's values, or decides by them.
            CaptureError: PyTorch cannot export it for another reason.
        """
        # AUTO rather than DYNAMIC: an axis that the module fixes is then seen, and named.
        axes = tuple(
            {axis: torch.export.Dim.AUTO for axis, _ in self.dynamic(name)} for name in self.samples.names
        )
        module = self.module if module is None else module
        shapes = axes if isinstance(module, fx.GraphModule) else (axes,)  # of *inputs
        lengths = SizesOfLengths() if self.lengths else nullcontext()
        with traceable(), lengths, meaning(self.reference.module, SYMBOLIC_SIZES), self.numbers():
            try:
                return torch.export.export(module, self.example(sizes), dynamic_shapes=shapes, strict=strict)
            except Exception as error:
                kind = ValueDependentError if depends_on_values(error) else CaptureError
                raise kind(explanation(error, None)) from error

    @contextmanager
    def numbers(self) -> Iterator[None]:
        """Keep numbers that are read off tensors inside the block, where the request does."""
        if self.mode is not Mode.KEEP:
            yield
            return
        module = self.reference.module
        with meaning(module, SYMBOLIC_NUMBERS), decided_as_sizes(), KnownNumbers(module):
            yield

    def fixed_axes(self, program: Program) -> tuple[FixedAxis, ...]:
        """Return the axes that a program holds as numbers, though they are to be dynamic."""
        return tuple(
            FixedAxis(name, axis, symbol, int(str(size)))
            for name, axis, symbol, size in self.traced_axes(program)
            if str(size).isdigit()  # AUTO leaves a fixed size as a symbol of that name
        )

    def traced_axes(self, program: Program) -> Iterator[tuple[str, int, str, int | torch.SymInt]]:
        """Yield the dynamic axes of a program: the input, which one, its name, and its size there."""
        values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
        for name, node in zip(self.samples.names, program.graph_signature.user_inputs, strict=True):
            for axis, symbol in self.dynamic(name):
                yield name, axis, symbol, values[str(node)].shape[axis]

    def dynamic(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the dynamic axes of an input, each with its symbol."""
        return ((axis, dim) for axis, dim in enumerate(self.axes.dims[name]) if isinstance(dim, str))
