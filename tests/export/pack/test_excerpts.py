from __future__ import annotations

import numpy as np
import pytest
from draws import drawn_seed
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeattn_export.pack.excerpts import (
    MOST_BYTES,
    MOST_NUMBERS,
    MOST_UNITS,
    excerpted,
    pooled,
    small_inputs,
)
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample, replay

DRAWN = np.random.default_rng(drawn_seed(1))


@pytest.mark.parametrize("shape", [(1, 300, 800), (40_000, 1), (1, 1, 30_000), (20_000,)])
def test_an_excerpt_holds_the_largest_numbers_and_proves_the_whole(shape: tuple[int, ...]) -> None:
    output = DRAWN.standard_normal(shape).astype(np.float32)
    sample = excerpted(Sample({}, {"y": output}))
    excerpt = sample.excerpts["y"]
    assert excerpt.dims == shape
    assert MOST_NUMBERS // 2 <= excerpt.places.size <= MOST_NUMBERS
    assert (np.diff(excerpt.places) > 0).all()
    np.testing.assert_array_equal(sample.outputs["y"], output.reshape(-1)[excerpt.places])
    if shape[0] == 1:
        assert np.isin(output.reshape(-1, shape[-1]).argmax(-1)[0], excerpt.places)
    golden = GoldenVectors((sample,), {"y": np.ones(1, np.float32)})
    near, far = (
        replay(lambda y=y: {"y": y}, golden, tolerance={"y": 0.1})[0]  # type: ignore[misc]
        for y in (output + np.float32(1e-3), output[::-1] if shape[0] > 1 else -output)
    )
    assert near.ok
    assert near.max_abs == pytest.approx(1e-3, rel=1e-2)
    assert not far.ok
    (other,) = replay(lambda: {"y": output.reshape(-1, 1, 1)}, golden, tolerance={"y": 9.0})
    assert other.max_abs is None


def test_what_is_small_stays_whole_and_outputs_share_the_room() -> None:
    small, large = np.ones((1, 384), np.float32), np.ones((1, 64, 384), np.float32)
    sample = excerpted(Sample({}, {"small": small, "large": large}))
    assert sample.outputs["small"] is small
    assert list(sample.excerpts) == ["large"]
    assert sample.outputs["large"].size <= MOST_NUMBERS // 2


def test_large_inputs_are_left_out_where_others_suffice() -> None:
    sizes = [MOST_BYTES // 4, 1, 2 * MOST_BYTES, 3 * MOST_BYTES, 5]
    inputs = [{"x": np.zeros(size // 4 + 1, np.float32)} for size in sizes]
    kept = [sum(each.nbytes for each in one.values()) for one in small_inputs(inputs, 2)]
    assert kept == sorted(kept)
    assert kept[-1] <= MOST_BYTES
    assert len(kept) == 3
    assert len(small_inputs(inputs, 4)) == 4


@pytest.mark.parametrize("shape", [(), (1,), (MOST_UNITS,), (4, MOST_UNITS // 4)])
def test_a_spread_of_few_numbers_stays_as_it_is(shape: tuple[int, ...]) -> None:
    units = DRAWN.uniform(0.1, 9, shape)
    assert pooled(units) is units


@settings(max_examples=30)
@given(st.lists(st.integers(1, 8), min_size=1, max_size=3), st.integers(0, 9))
def test_a_spread_of_many_numbers_is_pooled_along_whole_axes(shape: list[int], seed: int) -> None:
    units = np.exp(np.random.default_rng(drawn_seed(seed)).normal(0, 2, (2**14, *shape)))
    small = pooled(units)
    assert small.size <= MOST_UNITS
    axes = tuple(i for i, (left, n) in enumerate(zip(small.shape, units.shape, strict=True)) if left != n)
    np.testing.assert_allclose(small, np.sqrt(np.square(units).mean(axes, keepdims=True)), rtol=1e-12)


@pytest.mark.parametrize("varying", [0, 1, 2])
def test_the_axis_along_which_units_vary_most_stays(varying: int) -> None:
    shape = [60, 60, 60]
    units = np.exp(DRAWN.normal(0, 0.1, shape))
    units *= np.geomspace(1e-3, 1e3, 60).reshape([-1 if i == varying else 1 for i in range(3)])
    units *= np.geomspace(0.5, 2, 60).reshape([-1 if i == (varying + 1) % 3 else 1 for i in range(3)])
    shape[(varying + 2) % 3] = 1
    assert pooled(units).shape == tuple(shape)


def test_axes_are_compared_by_ratios_of_their_units() -> None:
    ratios = np.geomspace(1e-3, 1, 300)[:, np.newaxis]
    units = ratios * np.where(np.arange(300) == 7, 40, 1)  # of more variance along the second axis
    assert pooled(units).shape == (300, 1)


def test_of_units_that_are_equal_the_first_axes_are_pooled() -> None:
    small = pooled(np.full((21, 300, 300), 0.7))
    assert small.shape == (1, 1, 300)
    np.testing.assert_allclose(small, 0.7, rtol=1e-12)
