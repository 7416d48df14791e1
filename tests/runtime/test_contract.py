from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edgeattn_runtime.bundle.manifest import DTYPES, INTEGERS, Graph, Symbol, Tensor
from edgeattn_runtime.contract import bind, check_inputs, check_token_ids
from edgeattn_runtime.errors import InputError

GRAPH = Graph((Tensor("ids", "int64", ("b", "s")), Tensor("x", "float32", ("b", 2))), ())
SYMBOLS = {"b": Symbol(1, None), "s": Symbol(2, 4)}
IDS = np.zeros((1, 3), np.int64)
X = np.zeros((1, 2), np.float32)


def _refused(pattern: str, **inputs: object) -> None:
    with pytest.raises(InputError, match=pattern):
        check_inputs(GRAPH, SYMBOLS, inputs)


def _single(dtype: str, *dims: int | str) -> Graph:
    return Graph((Tensor("x", dtype, dims),), ())


def test_arrays_pass_untouched() -> None:
    arrays = check_inputs(GRAPH, SYMBOLS, {"x": X, "ids": IDS})
    assert arrays["ids"] is IDS
    assert arrays["x"] is X


def test_names() -> None:
    _refused("'mask', .*'x'", ids=IDS, mask=X)
    _refused("'ids', .*'x'")


def test_dtype() -> None:
    _refused("ids: .*int64, .*float64", ids=IDS.astype(np.float64), x=X)
    _refused("ids: .*int64, .*int32", ids=IDS.astype(np.int32), x=X)
    _refused("ids: .*int64, .*>i8", ids=IDS.astype(">i8"), x=X)
    _refused("ids: .*int64, .*object", ids=np.array([[None]]), x=X)
    _refused("ids: .*int64, .*<U1", ids=[["a"]], x=X)


def test_rank_and_fixed_dims() -> None:
    _refused(r"ids: int64\[b, s\]: 1 dims \[3\] .*2 ", ids=IDS[0], x=X)
    _refused(r"x: float32\[b, 2\]: 3 .*axis 1, 2 ", ids=IDS, x=np.zeros((1, 3), np.float32))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_indices_are_rows_of_their_table(dtype: str) -> None:
    graph = Graph((Tensor("ids", dtype, ("n",), table_rows=5),), ())
    symbols = {"n": Symbol(0, None)}
    for inside in ([0, 4, 2], []):
        ids = np.array(inside, dtype)
        assert check_inputs(graph, symbols, {"ids": ids})["ids"] is ids
    limits = np.iinfo(dtype)
    for outside in (5, limits.max, *((-1, limits.min) if limits.min else ())):
        with pytest.raises(InputError, match=f"'ids' holds {outside}, .*5 rows; give 0 to 4$"):
            check_inputs(graph, symbols, {"ids": np.array([3, outside, 1], dtype)})


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_longest_of_lengths_fills_its_axis(dtype: str) -> None:
    graph = Graph((Tensor("lengths", dtype, ("b",), lengths_of="s"), Tensor("x", "float32", ("b", "s"))), ())
    symbols = {"b": Symbol(0, None), "s": Symbol(0, None)}
    for lengths in ([7], [2, 7, 1], [7, 7], []):
        inputs = {"lengths": np.array(lengths, dtype), "x": np.zeros((len(lengths), 7), np.float32)}
        assert check_inputs(graph, symbols, inputs)["lengths"] is inputs["lengths"]
    limits = np.iinfo(dtype)
    for longest in (6, 8, 0, limits.max, *((-1, limits.min) if limits.min else ())):
        inputs = {"lengths": np.full(2, longest, dtype), "x": np.zeros((2, 7), np.float32)}
        message = f"^the longest of 'lengths' is {longest}, the size of 's' 7; pad to the longest$"
        with pytest.raises(InputError, match=message):
            check_inputs(graph, symbols, inputs)


def test_token_ids_are_not_below_0() -> None:
    check_token_ids(["tokens", "ids"], {"ids": IDS, "labels": IDS - 100})
    check_token_ids(["ids"], {"ids": IDS[:, :0]})
    with pytest.raises(InputError, match=r"'ids': .*-2 .*0"):
        check_token_ids(["tokens", "ids"], {"ids": np.array([[3, -1, -2]])})


def test_a_symbol_has_one_size() -> None:
    _refused("x: .*: 2 .*axis 0, 1 .*'ids'", ids=IDS, x=np.zeros((2, 2), np.float32))


@pytest.mark.parametrize(("size", "ok"), [(1, False), (2, True), (4, True), (5, False)])
def test_bounds(size: int, ok: bool) -> None:
    inputs = {"ids": np.zeros((1, size), np.int64), "x": X}
    if ok:
        check_inputs(GRAPH, SYMBOLS, inputs)
    else:
        _refused(f"dim 's': {size} .*2 to 4 ", **inputs)


def test_bounds_may_be_open() -> None:
    check_inputs(GRAPH, SYMBOLS, {"ids": np.zeros((999, 2), np.int64), "x": np.zeros((999, 2), np.float32)})
    _refused("dim 'b': 0 .*1 ", ids=np.zeros((0, 2), np.int64), x=np.zeros((0, 2), np.float32))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_is_refused_and_infinity_is_not(dtype: str) -> None:
    with pytest.raises(InputError, match=r"x: .*NaN"):
        check_inputs(_single(dtype, 2), {}, {"x": np.array([1, np.nan], dtype)})
    check_inputs(_single(dtype, 2), {}, {"x": np.array([1, -np.inf], dtype)})


def test_ragged_lists_and_strangers() -> None:
    _refused("ids: ", ids=[[1, 2], [3]], x=X)
    _refused("ids: .*int64, .*object", ids=object(), x=X)


@given(st.sampled_from(INTEGERS), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5))
def test_python_integers_take_any_integer_dtype_that_holds_them(dtype: str, values: list[int]) -> None:
    inputs = {"x": values}
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    if least <= min(values) and max(values) <= most:
        array = check_inputs(_single(dtype, len(values)), {}, inputs)["x"]
        assert array.dtype == dtype
        assert array.tolist() == values
    else:
        with pytest.raises(InputError, match=f"x: {dtype}.* {dtype} "):
            check_inputs(_single(dtype, len(values)), {}, inputs)


def test_python_floats_take_a_narrower_dtype() -> None:
    assert check_inputs(_single("float16", 2), {}, {"x": [0.1, 2]})["x"].dtype == np.float16
    with pytest.raises(InputError, match=r"70000\.0 .*float16 "):
        check_inputs(_single("float16", 2), {}, {"x": [1.0, 7e4]})


def test_python_numbers_do_not_change_their_kind() -> None:
    for dtype, values in (("int64", [1.0]), ("float32", [1]), ("bool", [1]), ("int64", [True])):
        with pytest.raises(InputError, match=f"x: .*{dtype}"):
            check_inputs(_single(dtype, 1), {}, {"x": values})


def test_a_scalar_has_no_dims() -> None:
    assert check_inputs(_single("int32"), {}, {"x": 3})["x"].shape == ()


@given(st.sampled_from(DTYPES), st.sampled_from(DTYPES), st.integers(0, 3))
def test_no_dtype_is_ever_cast(contract: str, dtype: str, size: int) -> None:
    array = np.zeros(size, dtype)
    if contract == dtype:
        assert check_inputs(_single(contract, "n"), {"n": Symbol(0, None)}, {"x": array})["x"] is array
    else:
        with pytest.raises(InputError, match=f"{contract}, .*{dtype}"):
            check_inputs(_single(contract, "n"), {"n": Symbol(0, None)}, {"x": array})


@given(arrays.arrays(np.int8, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0)))
def test_bind_reads_back_any_shape(array: NDArray[Any]) -> None:
    symbols = tuple(f"n{axis}" for axis in range(array.ndim))
    assert bind([Tensor("x", "int8", symbols)], {"x": array}) == dict(zip(symbols, array.shape, strict=True))
