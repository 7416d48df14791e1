from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.graph.axes import Axes, Dynamic, infer_axes, with_lengths
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_runtime.errors import SampleError


def _samples(*shapes: dict[str, tuple[int, ...]]) -> Samples:
    return Samples(tuple(Sample({n: np.ones(s, np.float32) for n, s in shape.items()}) for shape in shapes))


@pytest.mark.parametrize(
    ("shapes", "dims"),
    [
        (
            [{"a": (1, 5, 8), "b": (1, 5)}, {"a": (1, 7, 8), "b": (1, 7)}],
            {"a": ("batch", "sequence", 8), "b": ("batch", "sequence")},
        ),
        (  # sizes that part ways in some sample have names of their own
            [{"a": (1, 5), "b": (1, 5)}, {"a": (1, 7), "b": (1, 6)}],
            {"a": ("batch", "sequence"), "b": ("batch", "sequence_2")},
        ),
        (  # no batch where the inputs' first axes differ
            [{"a": (2, 5), "b": (3, 5)}, {"a": (2, 7), "b": (3, 7)}],
            {"a": (2, "sequence"), "b": (3, "sequence")},
        ),
        ([{"a": (2, 3)}, {"a": (2, 3)}], {"a": ("batch", 3)}),
        (  # a scalar, and a list along the sequence, have no batch
            [{"a": (1, 5), "b": (), "c": (5,)}, {"a": (1, 7), "b": (), "c": (7,)}],
            {"a": ("batch", "sequence"), "b": (), "c": ("sequence",)},
        ),
        (  # a list that follows no other axis speaks of the batch
            [{"a": (2, 5), "b": (2,)}, {"a": (2, 7), "b": (2,)}],
            {"a": ("batch", "sequence"), "b": ("batch",)},
        ),
    ],
)
def test_axes_are_read_off_the_samples(
    shapes: list[dict[str, tuple[int, ...]]], dims: dict[str, object]
) -> None:
    assert infer_axes(_samples(*shapes), None).dims == dims


@pytest.mark.parametrize("declared", [("rows", None, "size"), {0: "rows", 2: "size"}])
def test_axes_are_as_declared(declared: Dynamic) -> None:
    samples = _samples({"a": (1, 5, 8), "b": (4,)}, {"a": (2, 5, 8), "b": (4,)})
    assert infer_axes(samples, {"a": declared}).dims == {"a": ("rows", 5, "size"), "b": (4,)}


@pytest.mark.parametrize(
    ("dynamic", "named"),
    [
        ({"c": ("batch",)}, "dynamic: c .*a, b"),
        (
            {"a": ("batch", "sequence", None), "b": ("batch",)},
            r"dynamic\['a'\]: \('batch', 'sequence', None\) .*rank 2",
        ),
        (
            {"a": {2: "size"}, "b": ("batch",)},
            r"dynamic\['a'\]: {2: 'size'} .*rank 2",
        ),
        ({"a": 1}, r"dynamic\['a'\]: 1 "),
        (  # a text is a sequence of names too, of one letter each
            {"a": "bs"},
            r"dynamic\['a'\]: 'bs' ",
        ),
        (
            {"a": ("batch",), "b": ("batch", "other")},
            r"dynamic\['a'\]: axis 1 .*5 .*7 ",
        ),
        (
            {"a": ("batch", "sequence"), "b": ("batch", "sequence")},
            r"dynamic\['b'\]: sequence .*6 .*sample 1.* 7 ",
        ),
    ],
)
def test_refuses_what_the_samples_deny(dynamic: Dynamic, named: str) -> None:
    samples = _samples({"a": (1, 5), "b": (1, 5)}, {"a": (1, 7), "b": (1, 6)})
    with pytest.raises(SampleError, match=f"^{named}"):
        infer_axes(samples, dynamic)


@pytest.mark.parametrize(
    ("dims", "symbols", "batch"),
    [
        ({"a": ("batch", "sequence"), "b": ("batch",)}, ("batch", "sequence"), "batch"),
        ({"a": (3, "sequence")}, ("sequence",), None),
        ({"a": ("sequence", "sequence")}, ("sequence",), None),  # stacking would break the inner axis
        ({"a": ("nodes", 4), "b": ("rows", "nodes")}, ("nodes", "rows"), "rows"),
        ({"a": ()}, (), None),
    ],
)
def test_the_batch_leads_and_is_no_inner_axis(
    dims: dict[str, tuple[int | str, ...]], symbols: tuple[str, ...], batch: str | None
) -> None:
    assert Axes(dims).symbols == symbols
    assert Axes(dims).batch == batch


@pytest.mark.parametrize(
    ("lengths", "found"),
    [
        ([[5], [7]], {"lengths": "sequence"}),
        ([[3, 5], [7, 1]], {"lengths": "sequence"}),
        ([[5], [6]], {}),  # not in every sample
        ([[5.0], [7.0]], {}),
        ([[[5]], [[7]]], {}),  # no list
        ([5, 7], {"lengths": "sequence"}),
    ],
)
def test_lengths_are_known_by_their_longest(lengths: list[object], found: dict[str, str]) -> None:
    arrays = [np.array(numbers) for numbers in lengths]
    samples = Samples(
        tuple(
            Sample({"x": np.ones((np.size(numbers), size)), "lengths": numbers})
            for numbers, size in zip(arrays, (5, 7), strict=True)
        )
    )
    dims: tuple[str, ...] = ("batch", "one")[: arrays[0].ndim]
    axes = with_lengths(Axes({"x": ("batch", "sequence"), "lengths": dims}), samples)
    assert axes.lengths == found
