"""A graph's contract as the manifest states it: the tensors that go in and come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Natural, Record, choice, repeated

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = ("bool", *INTEGERS, "float16", "float32", "float64")

INPUT_KEYS = ("table_rows", "lengths_of")  # which an input may have

_dtype = choice(*DTYPES, expected=f"one of {', '.join(DTYPES)}")
_MOST_ROWS = 2**31 - 1  # of a lookup table: an index that every language holds


@dataclass(frozen=True, slots=True)
class Tensor(Record):
    """An input or output: its name, numpy dtype name, and dims, each a size or a symbol's name.

    Attributes:
        table_rows: Of an integer input whose values are indices into a lookup table: its rows.
        lengths_of: Of an integer input of lengths: the symbol whose size the longest of them is.
    """

    name: str
    dtype: str
    dims: tuple[int | str, ...]
    table_rows: int | None = None
    lengths_of: str | None = None

    @property
    def channel_dims(self) -> tuple[int, ...]:
        """Its fixed trailing dims, whose places are its channels: none where the last dim is a symbol."""
        fixed = takewhile(lambda dim: isinstance(dim, int), reversed(self.dims))
        return tuple(int(dim) for dim in fixed)[::-1]

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.dims))}]"

    @classmethod
    def from_field(cls, field: Field, *, optional: Sequence[str] = ()) -> Tensor:
        """Read an input or output of one of the manifest's ``graphs``; an input may have ``INPUT_KEYS``."""
        fields = field.record("name", "dtype", "dims", optional=optional)
        dtype = _dtype(fields["dtype"])
        dims = tuple(_dim(item) for item in fields["dims"].items())
        rows = _table_rows(fields["table_rows"], dtype) if "table_rows" in fields else None
        symbol = _lengths_of(fields["lengths_of"], dtype) if "lengths_of" in fields else None
        return cls(fields["name"].text(), dtype, dims, rows, symbol)


@dataclass(frozen=True, slots=True)
class Symbol(Record):
    """The sizes that a symbolic dim may take: ``min`` to ``max``, both included; None is unbounded."""

    min: Natural
    max: Natural | None

    def __str__(self) -> str:
        return f"at least {self.min}" if self.max is None else f"{self.min} to {self.max}"

    def allows(self, size: int) -> bool:
        """Say whether a dim may have this size."""
        return self.min <= size and (self.max is None or size <= self.max)

    def check_values(self, values: Mapping[str, Field]) -> None:
        """Check that the bounds are in order."""
        if self.max is not None:
            values["max"].integer(self.min)


@dataclass(frozen=True, slots=True)
class Graph(Record):
    """What a graph takes and gives: the same in every variant of the bundle."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @classmethod
    def from_field(cls, field: Field) -> Graph:
        """Read one value of the manifest's ``graphs``, whose outputs have no ``INPUT_KEYS``."""
        fields = field.record("inputs", "outputs")
        return cls(_tensors(fields["inputs"], optional=INPUT_KEYS), _tensors(fields["outputs"]))


def check_takes(key: str, graph: Graph, names: Iterable[str]) -> None:
    """Check that a graph's inputs are these; raises BundleError, which begins with ``key``."""
    inputs = [tensor.name for tensor in graph.inputs]
    if sorted(inputs) != sorted(names):
        raise BundleError(
            f"{key}: a graph that takes {', '.join(inputs)} found, one that takes {', '.join(names)} expected"
        )


def symbols_of(tensors: Iterable[Tensor]) -> tuple[str, ...]:
    """Return every symbol of ``tensors``, once, in order of appearance."""
    dims = (dim for tensor in tensors for dim in tensor.dims if isinstance(dim, str))
    return tuple(dict.fromkeys(dims))


def _tensors(field: Field, *, optional: Sequence[str] = ()) -> tuple[Tensor, ...]:
    tensors = tuple(Tensor.from_field(item, optional=optional) for item in field.items())
    if (name := repeated(tensor.name for tensor in tensors)) is not None:
        raise BundleError(f"{field.key}: two tensors named {name!r}; expected one")
    return tensors


def _table_rows(field: Field, dtype: str) -> int:
    if dtype not in INTEGERS:
        raise field.refusal("an input of integers")
    rows = field.integer(1)
    if rows > _MOST_ROWS:
        raise field.refusal("an integer from 1 to 2^31 - 1")
    return rows


def _lengths_of(field: Field, dtype: str) -> str:
    if dtype not in INTEGERS:
        raise field.refusal("an input of integers")
    return field.text()


def _dim(field: Field) -> int | str:
    return field.text() if isinstance(field.value, str) else field.integer(1)
