from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
from draws import drawn_seed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgeattn_export.graph.files import serialize
from edgeattn_export.graph.samples import Samples
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.layers import statistics
from edgeattn_export.quantize.layers.layout import LAST, ChannelsFirst
from edgeattn_export.quantize.layers.statistics import Statistics, calibrate, passes
from edgeattn_runtime.errors import QuantizeError

LARGEST = 100.0  # of the numbers that are drawn
ROUNDING = 64 * np.finfo(np.float32).eps  # of the largest number, or of its square for each row

Floats = NDArray[np.float32]
Known = Callable[[Floats], Statistics]

numbers = st.floats(-LARGEST, LARGEST, width=32)
tables = st.tuples(st.integers(2, 12), st.integers(1, 5)).flatmap(
    lambda dims: arrays(np.float32, dims, elements=numbers)
)


def _assert_alike(found: Statistics, expected: Statistics, *, grams: bool = True) -> None:
    assert found.rows == expected.rows
    np.testing.assert_array_equal(found.low, expected.low, strict=True)
    np.testing.assert_array_equal(found.high, expected.high, strict=True)
    assert found.mean.shape == expected.mean.shape
    np.testing.assert_allclose(found.mean, expected.mean, rtol=0, atol=ROUNDING * LARGEST)
    assert (found.gram is not None) == grams
    if found.gram is not None and expected.gram is not None:
        tolerance = ROUNDING * found.rows * LARGEST**2
        assert found.gram.shape == expected.gram.shape
        np.testing.assert_allclose(found.gram, expected.gram, rtol=0, atol=tolerance)


@given(tables, st.data())
def test_joined_is_all_at_once(known: Known, x: Floats, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(x) - 1))
    _assert_alike(known(x[:cut]).joined(known(x[cut:])), known(x))


@given(tables, st.data())
def test_divided_is_what_would_be_seen_of_the_divided(known: Known, x: Floats, data: st.DataObject) -> None:
    divisor = data.draw(arrays(np.float32, x.shape[1], elements=st.floats(1, 8, width=32)))
    _assert_alike(known(x).divided(divisor), known(x / divisor))


@given(tables)
def test_the_largest_is_of_either_sign(known: Known, x: Floats) -> None:
    np.testing.assert_array_equal(known(x).largest, np.abs(x).max(0))


def test_without_a_gram_matrix_there_is_none_later(known: Known) -> None:
    whole = known(np.ones((3, 2), np.float32))
    plain = replace(whole, gram=None)
    assert plain.divided(np.ones(2, np.float32)).gram is None
    assert replace(whole, histogram=None).joined(whole).histogram is None
    assert plain.joined(whole).gram is None
    assert whole.joined(plain).gram is None


@pytest.mark.parametrize("grams", [False, True])
def test_a_graph_is_seen_inside_row_by_row(
    grams: bool, by_hand: Callable[..., ir.Model], rows: Callable[..., Samples], known: Known
) -> None:
    generator = np.random.default_rng(drawn_seed(0))
    weight, *samples = (
        generator.standard_normal(dims).astype(np.float32) for dims in ((4, 3), (5, 4), (1, 4), (7, 4))
    )
    model = by_hand(weight, np.ones(3, np.float32), "Relu")
    before = serialize(model)
    values = [(name, LAST) for name in ("x", "hidden", "product", "y", "x")]
    seen = calibrate(model, values, rows(*samples), ORT_CPU, grams=grams)
    found = {name: statistics for (name, _), statistics in seen.items()}
    assert serialize(model) == before
    x = np.concatenate(samples)
    hidden = np.maximum(x, 0)
    assert list(found) == ["x", "hidden", "product", "y"]
    _assert_alike(found["x"], known(x), grams=grams)
    _assert_alike(found["hidden"], known(hidden), grams=grams)
    np.testing.assert_allclose(found["product"].high, (hidden @ weight).max(0), rtol=1e-5)
    np.testing.assert_allclose(found["y"].mean, (hidden @ weight + 1).mean(0), rtol=1e-5)


def test_histograms_are_those_of_all_rows(
    by_hand: Callable[..., ir.Model], rows: Callable[..., Samples], known: Known
) -> None:
    generator = np.random.default_rng(drawn_seed(0))
    parts = [(generator.standard_normal((n, 4)) * n).astype(np.float32) for n in (3, 1, 7)]
    model, x = by_hand(np.ones((4, 3), np.float32)), ("x", LAST)
    found = calibrate(model, [x], rows(*parts), ORT_CPU, grams=False, histograms=True)[x].histogram
    expected = known(np.concatenate(parts)).histogram
    np.testing.assert_array_equal(found.counts, expected.counts)
    assert calibrate(model, [x], rows(*parts), ORT_CPU, grams=False)[x].histogram is None


def test_a_histogram_of_an_infinity_is_refused(
    by_hand: Callable[..., ir.Model], rows: Callable[..., Samples]
) -> None:
    model, x = by_hand(np.ones((4, 3), np.float32)), ("x", LAST)
    infinite = rows(np.full((2, 4), np.inf, np.float32))
    with pytest.raises(QuantizeError, match=r"'x'.*infinity"):
        calibrate(model, [x], infinite, ORT_CPU, grams=False, histograms=True)


def test_a_value_without_rows_is_seen_as_zeros(
    by_hand: Callable[..., ir.Model], rows: Callable[..., Samples], known: Known
) -> None:
    model = by_hand(np.ones((4, 3), np.float32))
    nothing, something = np.zeros((0, 4), np.float32), np.full((2, 4), 3, np.float32)
    zeros = np.zeros((1, 4), np.float32)
    x = "x", LAST
    _assert_alike(calibrate(model, [x], rows(nothing), ORT_CPU, grams=True)[x], known(zeros))
    found = calibrate(model, [x], rows(something, nothing), ORT_CPU, grams=True)[x]
    _assert_alike(found, known(np.concatenate([something, zeros])))


def test_a_map_is_seen_channel_by_channel(
    by_hand: Callable[..., ir.Model], rows: Callable[..., Samples], known: Known
) -> None:
    x = np.random.default_rng(drawn_seed(0)).standard_normal((5, 4)).astype(np.float32)
    model, value = by_hand(np.ones((4, 3), np.float32)), ("x", ChannelsFirst(1))
    found = calibrate(model, [value], rows(x), ORT_CPU, grams=True)[value]
    _assert_alike(found, known(np.ascontiguousarray(x.T)))


@given(st.lists(st.integers(1, 40), max_size=20))
def test_a_pass_holds_no_more_than_the_memory_but_for_a_single_value(widths: list[int]) -> None:
    memory = 4 * 30 * 30  # bytes: one matrix of 30 channels
    named = {f"value{i}": width for i, width in enumerate(widths)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "GRAM_BYTES", memory)
        batches = list(passes(named))
    assert [name for batch in batches for name in batch] == list(named)
    held = [sum(4 * named[name] ** 2 for name in batch) for batch in batches]
    assert all(size <= memory or len(batch) == 1 for size, batch in zip(held, batches, strict=True))
    for size, later in zip(held, batches[1:], strict=False):  # none is made sooner than it must be
        assert size + 4 * named[later[0]] ** 2 > memory
