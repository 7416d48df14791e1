from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from edgeattn_runtime.bundle.deviation import cosine, max_abs, standardized_error

TOLERANCE = 1e-12

Vector = NDArray[np.float64]
vectors = arrays.arrays(np.float64, st.integers(1, 20), elements=st.floats(-1e100, 1e100))
pairs = st.integers(1, 20).flatmap(
    lambda n: st.tuples(*(arrays.arrays(np.float32, n, elements=st.floats(width=32)) for _ in range(2)))
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 0], [0, 1], 0.0),
        ([1, 0], [1, 1], math.sqrt(0.5)),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], 1.0),
        ([1, 2], [-1, -2], -1.0),
        ([True, False], [True, True], math.sqrt(0.5)),
        ([], [], 1.0),
        (2.0, 3.0, 1.0),
        ([0, 0], [0, 0], 1.0),
        ([0, 0], [0, 1], 0.0),
        ([0, 1], [0, 0], 0.0),
        ([math.nan, 1], [math.nan, 2], 1.0),
        ([math.inf, 1, 0], [math.inf, 0, 1], 0.0),
        ([math.nan, 1], [0, 1], 0.0),
        ([math.inf, 1], [-math.inf, 1], 0.0),
        ([1, 1], [1, math.inf], 0.0),
        ([math.nan], [math.nan], 1.0),
    ],
)
def test_cases(a: object, b: object, expected: float) -> None:
    assert cosine(np.asarray(a), np.asarray(b)) == pytest.approx(expected, abs=TOLERANCE)


def test_is_exact_for_float16() -> None:
    a = np.full(1000, 300, np.float16)  # the squares overflow float16
    assert cosine(a, a) == pytest.approx(1.0, abs=TOLERANCE)


def test_refuses_another_shape() -> None:
    with pytest.raises(ValueError, match=r"\(2,\) .*\(1, 2\)"):
        cosine(np.ones(2), np.ones((1, 2)))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 2], [1, 2], 0.0),
        ([1, -2], [4, 2], 4.0),
        ([], [], 0.0),
        ([math.inf, math.nan, 1], [math.inf, math.nan, 3], 2.0),
        ([math.inf, 1], [0, 1], math.inf),
        ([0, 1], [math.nan, 1], math.inf),
        ([1.7e308], [-1.7e308], math.inf),
    ],
)
def test_max_abs(a: object, b: object, expected: float) -> None:
    assert max_abs(np.asarray(a), np.asarray(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "spread", "expected"),
    [
        ([1, 2], [1, 2], [1, 1], 0.0),
        ([1, 2], [1, 4], [1, 2], math.sqrt(0.5)),
        ([[3]], [[0]], [[0.5]], 6.0),
        ([True, False], [True, True], [1, 1], math.sqrt(0.5)),
        ([], [], [], 0.0),
        ([math.nan, 1], [math.nan, 2], [9, 1], 1.0),
        ([math.nan], [math.nan], [1], 0.0),
        ([math.nan, 1], [0, 1], [1, 1], None),
        ([math.inf, 1], [-math.inf, 1], [1, 1], None),
        ([1e200], [-1e200], [1], None),
    ],
)
def test_standardized_error(a: object, b: object, spread: object, expected: float | None) -> None:
    assert standardized_error(np.asarray(a), np.asarray(b), np.asarray(spread, np.float32)) == expected


@given(pairs)
def test_squares_are_summed_in_their_order(pair: tuple[Vector, Vector]) -> None:
    a, b = map(np.nan_to_num, pair)
    total = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total += (x - y) * (x - y)
    spread = np.ones(len(a), np.float32)
    assert standardized_error(a, b, spread) == math.sqrt(total / len(a))


@given(pairs)
def test_is_symmetric_and_bounded_for_any_floats(pair: tuple[Vector, Vector]) -> None:
    a, b = pair
    assert -1.0 <= cosine(a, b) <= 1.0
    assert cosine(a, b) == cosine(b, a)


@given(vectors, st.integers(-400, 400))
def test_scale_says_nothing(a: Vector, exponent: int) -> None:
    scaled = np.ldexp(a, exponent)
    if np.array_equal(np.ldexp(scaled, -exponent), a):
        assert cosine(a, scaled) == pytest.approx(1.0, abs=TOLERANCE)
