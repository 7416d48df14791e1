"""Labels: the names that the manifest gives to the places of an output, and how an output is read by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.fields import Field, Record, some
from edgeattn_runtime.graph import Tensor
from edgeattn_runtime.processing.tensors import find_tensor


class Label(NamedTuple):
    """A name, and the value that an output gives it."""

    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(Record):
    """What the places along the last axis of an output are called."""

    output: str
    names: Annotated[tuple[str, ...], some(Field.text)]

    def __str__(self) -> str:
        return f"{len(self.names)} labels for {self.output}"

    def check(self, outputs: Mapping[str, Tensor]) -> None:
        """Check that its output is there, float32, with as many places as there are names."""
        tensor = find_tensor("labels.output", self.output, outputs)
        if tensor.dtype != "float32":
            raise BundleError(f"processing.labels.output: {tensor} found, float32 expected")
        last = tensor.dims[-1] if tensor.dims else 1
        if len(self.names) != last:
            raise BundleError(
                f"processing.labels.names: {len(self.names)} found, {last} expected by {tensor}"
            )

    def values(self, outputs: Mapping[str, object]) -> NDArray[np.float32]:
        """Return the output, float32 ``[..., names]``; raises InputError."""
        return read_output(self.output, outputs, len(self.names))

    def read(self, outputs: Mapping[str, object]) -> list[list[Label]]:
        """Return, for every vector along the last axis, its labels from the largest value to the least.

        Raises:
            InputError: The output is missing, another, or holds a NaN.
        """
        rows = self.values(outputs).reshape(-1, len(self.names))
        return [
            [Label(self.names[place], float(row[place])) for place in places]
            for row, places in zip(rows, descending(rows), strict=True)
        ]


def read_output(name: str, outputs: Mapping[str, object], last: int | None = None) -> NDArray[np.float32]:
    """Return an output of a call, float32 of a last dim of ``last``; None for any.

    Raises:
        InputError: It is missing, another, or holds a NaN.
    """
    if name not in outputs:
        raise InputError(f"outputs: no {name!r} among {', '.join(outputs) or 'none'}; give a call's")
    values = np.asarray(outputs[name])
    if values.dtype != np.float32 or (last is not None and values.shape[-1:] != (last,)):
        dims = "" if last is None else f" [..., {last}]"
        raise InputError(f"{name}: {values.dtype} {list(values.shape)} found, float32{dims} expected")
    if np.isnan(values).any():
        raise InputError(f"{name}: NaN found, numbers expected; check what was called")
    return values


def descending(rows: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the places along the last axis from the largest value to the least; equal values keep theirs."""
    return np.argsort(-rows, axis=-1, kind="stable")
