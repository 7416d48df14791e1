from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeattn_export.capture.strategies.size_formula import size_formula

SIZES = (24, 29, 48)


@pytest.mark.parametrize(
    "follows",
    [
        lambda n: n,
        lambda n: 3 * n - 1,
        lambda n: -n - 1,
        lambda n: n // 2,
        lambda n: -(-n // 2),
        lambda n: 2 * -(-n // 2) - 1,
        lambda n: 4 * -(-n // 4),
        lambda n: n // 7,
    ],
)
def test_what_follows_a_size_is_found_for_every_size(follows: Callable[[int], int]) -> None:
    actual = size_formula({size: follows(size) for size in SIZES})
    assert actual is not None
    assert [actual(n) for n in range(1, 200)] == [follows(n) for n in range(1, 200)]


@pytest.mark.parametrize("follows", [lambda n: n * n, lambda n: 5 if n == 29 else n])
def test_what_follows_in_no_known_way_is_refused(follows: Callable[[int], int]) -> None:
    assert size_formula({size: follows(size) for size in SIZES}) is None
