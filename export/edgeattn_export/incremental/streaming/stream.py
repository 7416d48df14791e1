"""A value that grows with time, as a step has it: the part of a hop, and how the whole is padded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir

from edgeattn_export.incremental.refusal import CannotStep
from edgeattn_runtime.errors import ModelError


class WrongHop(ModelError):  # noqa: N818 - named by what is wrong
    """A layer's stride does not divide a hop, or there is no such input: a mistake of the request."""


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
