"""A graph's contract: which arrays it takes, checked before onnxruntime sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.errors import InputError
from edgeattn_runtime.graph import Graph, Symbol, Tensor

Arrays = dict[str, NDArray[Any]]

_KINDS = {"b": "bool", "i": "integer", "u": "integer", "f": "float"}  # numpy's dtype.kind


def check_inputs(graph: Graph, symbols: Mapping[str, Symbol], inputs: Mapping[str, object]) -> Arrays:
    """Return ``inputs``, all that ``np.asarray`` takes, as arrays that keep the graph's contract.

    Nothing is cast silently. Python's own numbers (a list of ints, say) have no dtype yet and take the
    contract's where it is of the same kind and holds them; whatever has a dtype must have the contract's.

    Raises:
        InputError: An unknown or missing name, another dtype or rank, a dim that differs from its size,
            bounds or the same symbol elsewhere, a NaN, an index outside of its lookup table, or lengths whose
            longest is not the size of their axis.
    """
    _check_names([tensor.name for tensor in graph.inputs], inputs)
    arrays = {tensor.name: _array(tensor, inputs[tensor.name]) for tensor in graph.inputs}
    sizes = bind(graph.inputs, arrays)
    for name, size in sizes.items():
        if not symbols[name].allows(size):
            raise InputError(f"dim {name!r}: {size} found, {symbols[name]} expected")
    for tensor in graph.inputs:
        if tensor.lengths_of in sizes and arrays[tensor.name].size:
            _check_longest(tensor.name, arrays[tensor.name], tensor.lengths_of, sizes[tensor.lengths_of])
    return arrays


def out_of_table(name: str, index: int, rows: int) -> str:
    """Return what to say of an index that an input holds, outside of a lookup table of so many rows."""
    return f"{name!r} holds {index}, out of range for a lookup table of {rows} rows; give 0 to {rows - 1}"


def check_token_ids(names: Iterable[str], arrays: Arrays) -> None:
    """Check that inputs of token ids hold none below 0, also where no table is known that they index."""
    for name in names:
        ids = arrays.get(name)
        if ids is not None and (ids < 0).any():
            lowest = int(ids.min())
            raise InputError(f"{name!r}: token id {lowest} found, at least 0 expected; check the tokenizer")


def bind(tensors: Sequence[Tensor], arrays: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Return the size of every symbol in ``tensors``' dims, as ``arrays`` has it.

    Raises:
        InputError: An array's rank or a fixed dim is another, or one symbol has two sizes.
    """
    sizes: dict[str, int] = {}
    for tensor in tensors:
        shape, dims = arrays[tensor.name].shape, tensor.dims
        if len(shape) != len(dims):
            raise InputError(f"{tensor}: {len(shape)} dims {list(shape)} found, {len(dims)} expected")
        for axis, dim in enumerate(dims):
            expected = dim if isinstance(dim, int) else sizes.setdefault(dim, shape[axis])
            if shape[axis] != expected:
                first = next(other.name for other in tensors if dim in other.dims)
                reason = "" if isinstance(dim, int) else f" as in {first!r}"
                found = f"{shape[axis]} found on axis {axis}"
                raise InputError(f"{tensor}: {found}, {expected}{reason} expected")
    return sizes


def _check_names(expected: list[str], inputs: Mapping[str, object]) -> None:
    if inputs.keys() == set(expected):
        return
    unknown = [name for name in inputs if name not in expected]
    missing = [name for name in expected if name not in inputs]
    faults = [f"unknown {name!r}" for name in unknown] + [f"missing {name!r}" for name in missing]
    raise InputError(f"inputs: {', '.join(faults)}; expected {', '.join(expected)}")


def _array(tensor: Tensor, value: object) -> NDArray[Any]:
    dtype = np.dtype(tensor.dtype)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{tensor}: no array can be made of it ({error}); pass a numpy array") from error
    if not hasattr(value, "dtype") and _KINDS.get(array.dtype.kind) == _KINDS[dtype.kind]:
        array = _adopt(tensor, array)
    if array.dtype != dtype:
        raise InputError(f"{tensor}: expected {dtype}, found {array.dtype}; convert with .astype('{dtype}')")
    if dtype.kind == "f" and np.isnan(array).any():
        raise InputError(f"{tensor}: NaN found, numbers expected; check what made this input")
    if tensor.table_rows is not None and array.size:
        _check_indices(tensor.name, array, tensor.table_rows)
    return array


def _check_indices(name: str, array: NDArray[Any], rows: int) -> None:
    """Refuse what a table has no row for: ONNX would take an index below 0 from its end."""
    if (
        array.view(f"u{array.itemsize}").max() < rows
    ):  # one pass: read without a sign, those below 0 are largest
        return
    lowest = int(array.min())
    raise InputError(out_of_table(name, lowest if lowest < 0 else int(array.max()), rows))


def _check_longest(name: str, lengths: NDArray[Any], symbol: str, size: int) -> None:
    """Refuse lengths whose longest is not the size of their axis: the graph takes it to be."""
    longest = int(lengths.max())
    if longest != size:
        raise InputError(
            f"the longest of {name!r} is {longest}, the size of {symbol!r} {size}; pad to the longest"
        )


def _adopt(tensor: Tensor, array: NDArray[Any]) -> NDArray[Any]:
    """Give Python's numbers the dtype of the contract; a value that it cannot hold is refused."""
    with np.errstate(over="ignore"):  # an overflow shows as an infinity, refused below
        adopted = array.astype(tensor.dtype)
    exact = np.isinf(adopted) == np.isinf(array) if adopted.dtype.kind == "f" else adopted == array
    if not exact.all():
        raise InputError(f"{tensor}: {array[~exact].flat[0]} found, which {tensor.dtype} cannot hold")
    return adopted
