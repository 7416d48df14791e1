"""What is known of a graph's values: their dims, and the numbers in those that hold sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import onnx_ir as ir
import sympy
from numpy.typing import NDArray

from edgeattn_export.graph.dataflow import UNNAMED, dims, is_unnamed
from edgeattn_export.graph.views import size_of

Sizes = tuple[sympy.Expr, ...]  # (batch, 2*sequence, 8)
Numbers = NDArray[np.object_]  # whole numbers of any shape, each a sympy.Expr

LIST_LIMIT = 64  # elements: what is longer is no list of sizes
WHOLE = (ir.DataType.INT64, ir.DataType.INT32, ir.DataType.BOOL)

_INFERRED = re.compile(r"unk__\d+")  # ONNX's names for what it does not know, counted anew by each pass


@dataclass(frozen=True, slots=True)
class Known:
    """What has been found, value by value; a dim that nothing says is a symbol of its own."""

    _sizes: dict[ir.Value, Sizes] = field(default_factory=dict)
    _numbers: dict[ir.Value, Numbers] = field(default_factory=dict)
    _read: dict[str, sympy.Expr] = field(default_factory=dict)
    _spelled: dict[sympy.Expr, str] = field(default_factory=dict)
    _unnamed: Iterator[int] = field(default_factory=count)

    def sizes(self, value: ir.Value | None) -> Sizes | None:
        """Return a value's dims as expressions; None where not even its rank is known."""
        if value is None or (value not in self._sizes and value.shape is None):
            return None
        if value not in self._sizes:
            self._sizes[value] = tuple(self.size(dim) for dim in dims(value))
        return self._sizes[value]

    def size(self, dim: int | str | None) -> sympy.Expr:
        """Return a dim as an expression: the same for the same text, a new symbol for what is unknown."""
        if isinstance(dim, int):
            return sympy.Integer(dim)
        if dim is None or is_open(dim):
            return self._symbol()
        if dim not in self._read:
            found = size_of(dim)
            size = self._read[dim] = self._symbol() if found is None else found
            self._spelled.setdefault(size, dim)
        return self._read[dim]

    def numbers(self, value: ir.Value | None) -> Numbers | None:
        """Return a value's elements where they are whole numbers, constant or made of sizes, else None."""
        if value is None or value in self._numbers:
            return None if value is None else self._numbers[value]
        tensor = ir.convenience.get_const_tensor(value)
        if tensor is None or tensor.dtype not in WHOLE or tensor.size > LIST_LIMIT:
            return None
        return _expressions(tensor.numpy())

    def learn_numbers(self, value: ir.Value, numbers: Numbers) -> None:
        """Keep a value's elements."""
        self._numbers[value] = numbers

    def learn_sizes(self, value: ir.Value, found: tuple[sympy.Expr | None, ...]) -> None:
        """Keep a value's dims, and write them to it: names that follow count before those of the file."""
        said = dims(value) if len(dims(value)) == len(found) else (None,) * len(found)
        sizes = tuple(
            self.size(dim) if size is None or _says_more(dim, size) else size
            for dim, size in zip(said, found, strict=True)
        )
        self._sizes[value] = sizes
        value.shape = ir.Shape([self._spell(size) for size in sizes])

    def _symbol(self) -> sympy.Symbol:
        return sympy.Symbol(f"{UNNAMED}{next(self._unnamed)}", integer=True, positive=True)

    def _spell(self, size: sympy.Expr) -> int | str:
        return int(size) if size.is_Integer else self._spelled.get(size, str(size))


def is_open(dim: int | str | None) -> bool:
    """Say whether neither the file nor ONNX names a dim."""
    return dim is None or (isinstance(dim, str) and _INFERRED.fullmatch(dim) is not None)


def _expressions(array: NDArray[np.generic]) -> Numbers:
    made = np.empty(array.shape, object)
    flat = array.reshape(-1).tolist()
    made.reshape(-1)[:] = flat if array.dtype == bool else [sympy.Integer(x) for x in flat]
    return made


def _says_more(dim: int | str | None, size: sympy.Expr) -> bool:
    """Say whether the file's own dim is a number, or a name where what was found has none."""
    if isinstance(dim, int):
        return True
    nameless = any(is_unnamed(symbol.name) for symbol in size.free_symbols)
    return nameless and not is_unnamed(dim) and not is_open(dim)
