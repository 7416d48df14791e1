from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from edgeattn_export.capture.strategies.size_formula import size_formula, table_slices

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


TABLE_SIZES = (4, 7, 10)


def _distance(size: int) -> Tensor:
    at = torch.arange(size)
    return at[None] - at[:, None]


@pytest.mark.parametrize(
    ("table", "axes"),
    [
        (torch.arange, (0,)),
        (lambda n: torch.arange(n).flip(0), (0,)),  # the last of the larger one
        (lambda n: torch.arange(1 - n, n), (0,)),  # its middle
        (_distance, (0, 1)),
        (lambda n: torch.arange(2 * n).view(n, 2), (0,)),
    ],
)
def test_a_smaller_table_is_cut_out_of_the_largest(
    table: Callable[[int], Tensor], axes: tuple[int, ...]
) -> None:
    cuts = table_slices({size: table(size) for size in TABLE_SIZES})
    assert cuts is not None
    assert tuple(cut.axis for cut in cuts) == axes
    for size in range(1, TABLE_SIZES[-1] + 1):
        piece = table(TABLE_SIZES[-1])
        for cut in cuts:
            piece = piece.narrow(cut.axis, cut.start(size), cut.end(size) - cut.start(size))
        assert torch.equal(piece, table(size))


@pytest.mark.parametrize(
    "table",
    [
        lambda n: torch.linspace(0, 1, n),  # other numbers at each size
        lambda n: torch.full((3,), n),
        lambda n: torch.zeros((n,) * (1 + n % 2)),
    ],
)
def test_a_table_of_other_numbers_is_refused(table: Callable[[int], Tensor]) -> None:
    assert table_slices({size: table(size) for size in TABLE_SIZES}) is None
