from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.shapes import sized_inputs, sizes_of
from edgeattn_runtime.errors import SampleError

AXES = Axes({"ids": ("batch", "sequence"), "mask": ("batch", "sequence"), "bias": (1, 2), "t": ()})


def _sample(*rows: list[int]) -> Sample:
    ids = np.array(rows, np.int64)
    return Sample({"ids": ids, "mask": -ids, "bias": np.zeros((1, 2)), "t": np.array(0.5, np.float32)})


SAMPLES = Samples((_sample([1, 2, 3]), _sample([4, 5], [6, 7]), _sample([8])))


@pytest.mark.parametrize(
    ("sizes", "ids"),
    [
        ({}, [[1, 2, 3]]),
        ({"sequence": 2}, [[1, 2]]),  # cut
        ({"sequence": 6}, [[1, 2, 3, 4, 5, 6]]),  # joined of rows in their order, then cut
        ({"batch": 3, "sequence": 2}, [[1, 2], [4, 5], [6, 7]]),  # each row begins with the next sample
        ({"batch": 2, "sequence": 9}, [[1, 2, 3, 4, 5, 6, 7, 8, 1], [4, 5, 6, 7, 8, 1, 2, 3, 4]]),
        ({"batch": 1, "sequence": 1}, [[1]]),
    ],
)
def test_rows_are_cut_joined_and_stacked(sizes: dict[str, int], ids: list[list[int]]) -> None:
    inputs = sized_inputs(SAMPLES, AXES, sizes)
    np.testing.assert_array_equal(inputs["ids"], np.array(ids), strict=True)
    np.testing.assert_array_equal(inputs["mask"], -np.array(ids), strict=True)
    assert inputs["bias"].shape == (1, 2)
    assert inputs["t"].shape == ()  # a scalar stays one
    assert all(value.flags.c_contiguous for value in inputs.values())


def test_two_axes_that_grow_at_once_repeat_the_first_row() -> None:
    samples = Samples((Sample({"bias": np.array([[[1, 2], [3, 4]]])}),) * 2)
    bias = sized_inputs(samples, Axes({"bias": ("batch", "queries", "keys")}), {"queries": 3, "keys": 1})[
        "bias"
    ]
    np.testing.assert_array_equal(bias, [[[1], [3], [1]]])


@pytest.mark.parametrize(
    ("sizes", "lengths"),
    [
        ({}, [3]),
        ({"sequence": 2}, [2]),
        ({"batch": 3, "sequence": 4}, [4, 1, 2]),
        ({"batch": 4, "sequence": 2}, [2, 2, 1, 2]),
    ],
)
def test_the_longest_of_lengths_fills_its_axis(sizes: dict[str, int], lengths: list[int]) -> None:
    rows = ([3], [2, 1])
    samples = Samples(
        tuple(Sample({"ids": np.zeros((len(n), max(n))), "lengths": np.array(n, np.int32)}) for n in rows)
    )
    axes = Axes({"ids": ("batch", "sequence"), "lengths": ("batch",)}, lengths={"lengths": "sequence"})
    found = sized_inputs(samples, axes, sizes)["lengths"]
    np.testing.assert_array_equal(found, np.array(lengths, np.int32), strict=True)


def test_sizes_are_read_by_symbol() -> None:
    assert sizes_of(SAMPLES[1].inputs, AXES) == {"batch": 2, "sequence": 2}


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"length": 3}, "shape: .*'length'.*batch, sequence"),
        ({"sequence": 0}, "shape: sequence=0 "),
    ],
)
def test_refuses_a_shape_the_model_has_not(sizes: dict[str, int], named: str) -> None:
    with pytest.raises(SampleError, match=f"^{named}"):
        sized_inputs(SAMPLES, AXES, sizes)
