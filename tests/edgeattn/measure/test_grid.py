from __future__ import annotations

import pytest

from edgeattn.measure.shapes import MOST, grid_points, parse_shapes, parse_threads
from edgeattn_runtime.errors import BadInput


def test_sizes_are_read_by_symbol() -> None:
    assert parse_shapes(["batch=1,8", " sequence = 9"]) == {"batch": (1, 8), "sequence": (9,)}


@pytest.mark.parametrize("item", ["batch", "batch=", "=3"])
def test_an_item_of_another_form_is_refused(item: str) -> None:
    with pytest.raises(BadInput, match=f"shape {item!r}: "):
        parse_shapes([item])


@pytest.mark.parametrize("item", ["batch=-1", "batch=1.5", "batch=x", "batch=²", "batch=1,,2"])
def test_what_is_no_number_is_refused(item: str) -> None:
    with pytest.raises(BadInput, match=f"shape {item!r}: "):
        parse_shapes([item])


def test_what_is_given_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="shape batch: "):
        parse_shapes(["batch=1", "batch=2"])
    with pytest.raises(BadInput, match="shape 'batch=1,1': "):
        parse_shapes(["batch=1,1"])


def test_threads_are_at_least_one() -> None:
    assert parse_threads("1,4") == (1, 4)
    with pytest.raises(BadInput, match="threads '0,1': 0 "):
        parse_threads("0,1")


def test_a_grid_is_every_combination() -> None:
    assert grid_points({"batch": (1, 8), "sequence": (16, 128)}) == [
        {"batch": 1, "sequence": 16},
        {"batch": 1, "sequence": 128},
        {"batch": 8, "sequence": 16},
        {"batch": 8, "sequence": 128},
    ]
    assert grid_points({}) == [{}]


def test_a_grid_that_takes_forever_is_refused() -> None:
    with pytest.raises(BadInput, match="65 "):
        grid_points({"sequence": tuple(range(1, MOST + 2))})
