"""What is asked of streaming, and a value along time: the part of a hop, and how the whole is padded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.bundle.manifest import Graph, Tensor
from edgeattn_runtime.errors import ModelError

KEYS = ("input", "hop")


class WrongHop(ModelError):  # noqa: N818 - named by what is wrong
    """A layer's stride does not divide a hop, or there is no such input: a mistake of the request."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A piece of an input.

    Attributes:
        input: The input's name.
        hop: Its size along time, such as 160 samples of sound.
    """

    input: str
    hop: int

    @classmethod
    def read(cls, table: Mapping[str, object]) -> StreamRequest:
        """Read ``{"input": "audio", "hop": 160}``.

        Raises:
            ModelError: It has other keys, or values of other kinds.
        """
        name, hop = (table.get(key) for key in KEYS)
        if set(table) != set(KEYS) or not isinstance(name, str):
            raise ModelError(f'streaming: {dict(table)} found, {{"input": "audio", "hop": 160}} expected')
        if not isinstance(hop, int) or isinstance(hop, bool) or hop < 1:
            raise ModelError(f"streaming.hop: {hop!r} found, a whole number of 1 or more expected")
        return cls(name, hop)

    def place(self, graph: Graph) -> tuple[Tensor, int]:
        """Return the input and its time axis: the one behind the first that has a symbol.

        Raises:
            WrongHop: There is no such input of floats, or not one such axis.
        """
        names = ", ".join(map(str, graph.inputs))
        tensor = next((each for each in graph.inputs if each.name == self.input), None)
        if tensor is None or tensor.dtype != "float32":
            raise WrongHop(
                f"streaming.input: {self.input!r} found, a float32 input expected; there are {names}"
            )
        axes = [axis for axis, dim in enumerate(tensor.dims) if axis and isinstance(dim, str)]
        if len(axes) != 1:
            raise WrongHop(
                f"streaming.input: {tensor} found, one axis of any length behind the batch expected: time; "
                "name it in dynamic, and leave the others fixed"
            )
        return tensor, axes[0]


def sizes_of(value: ir.Value) -> list[int]:
    """Return the sizes of a value of a step, all of which are fixed."""
    return [dim for dim in value.shape or () if isinstance(dim, int)]


@dataclass(frozen=True, slots=True)
class Stream:
    """A value along time.

    In the whole graph it is ``left`` times ``fill``, the parts of all hops, and ``right`` times ``fill``. A
    number below 0 is how many were cut off instead.

    Attributes:
        value: Its part of a hop, in the step graph.
        axis: Time.
        rate: Values a hop.
        left: More values at the beginning.
        right: More values at the end.
        fill: What these are.
    """

    value: ir.Value
    axis: int
    rate: int
    left: int = 0
    right: int = 0
    fill: float = 0.0

    @property
    def is_aligned(self) -> bool:
        """Whether the whole has the parts of all hops, and nothing else."""
        return self.left == self.right == 0

    def on(self, value: ir.Value, axis: int | None = None) -> Stream:
        """Return another value of the same times."""
        return replace(self, value=value, axis=self.axis if axis is None else axis)

    def padded(self, left: int, right: int, fill: float) -> Stream:
        """Return it with more padding, or with some of it cut off.

        Raises:
            CannotStep: It has padding of another number.
        """
        if (left > 0 or right > 0) and (self.left > 0 or self.right > 0) and fill != self.fill:
            raise CannotStep(f"is padded by {self.fill} and by {fill}; one number expected")
        fill = fill if left > 0 or right > 0 else self.fill
        return replace(self, left=self.left + left, right=self.right + right, fill=fill)
