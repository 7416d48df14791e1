"""A graph of the bundle as the manifest tells it: the file, and the tensors that go in and come out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = ("bool", *INTEGERS, "float16", "float32", "float64")

_DTYPE = re.compile("|".join(DTYPES))


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output: its name, numpy dtype name, and dims, each a size or a symbol's name."""

    name: str
    dtype: str
    dims: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.dims))}]"


@dataclass(frozen=True, slots=True)
class Symbol:
    """The sizes that a symbolic dim may take: ``min`` to ``max``, both included; None is unbounded."""

    min: int
    max: int | None


@dataclass(frozen=True, slots=True)
class Graph:
    """One ONNX file of the bundle and its contract."""

    file: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_graph(field: Field) -> Graph:
    """Read one value of the manifest's ``graphs``."""
    fields = field.record("file", "inputs", "outputs")
    return Graph(fields["file"].text(), _tensors(fields["inputs"]), _tensors(fields["outputs"]))


def read_symbol(field: Field) -> Symbol:
    """Read one value of the manifest's ``symbols``."""
    fields = field.record("min", "max")
    least = fields["min"].integer(0)
    return Symbol(least, None if fields["max"].value is None else fields["max"].integer(least))


def _tensors(field: Field) -> tuple[Tensor, ...]:
    tensors = tuple(_tensor(item) for item in field.items())
    names = [tensor.name for tensor in tensors]
    if len(set(names)) < len(names):
        raise BundleError(f"{field.key}: two tensors named {max(names, key=names.count)!r}; expected one")
    return tensors


def _tensor(field: Field) -> Tensor:
    fields = field.record("name", "dtype", "dims")
    dtype = fields["dtype"].text(_DTYPE, f"one of {', '.join(DTYPES)}")
    return Tensor(fields["name"].text(), dtype, tuple(_dim(item) for item in fields["dims"].items()))


def _dim(field: Field) -> int | str:
    return field.text() if isinstance(field.value, str) else field.integer(1)
