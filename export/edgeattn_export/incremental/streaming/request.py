"""What a model file asks of streaming: which input arrives piece by piece, and how long a piece is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeattn_export.incremental.streaming.stream import WrongHop
from edgeattn_runtime.bundle.manifest import Graph, Tensor
from edgeattn_runtime.errors import ModelError

KEYS = ("input", "hop")


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
