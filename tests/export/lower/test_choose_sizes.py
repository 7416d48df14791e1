from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_export.lower.fixed import BucketLimits, choose_lengths, choose_sizes
from edgeattn_runtime.errors import SampleError
from edgeattn_runtime.graph import Graph, Tensor
from edgeattn_runtime.rows import Padding, Rows

LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=12)
TEXT = Graph(
    (Tensor("tokens", "int64", ("batch", "sequence")), Tensor("mask", "int64", ("batch", "sequence"))), ()
)
IMAGE = Graph((Tensor("image", "float32", ("batch", 3, "height", "width")),), ())
PADDED = Rows("batch", Padding("mask", 0))
ALONE = Rows("batch", None)


def _padding(lengths: list[int], chosen: tuple[int, ...]) -> float:
    total = sum(min(each for each in chosen if each >= length) for length in lengths)
    return 1 - sum(lengths) / total


@given(lengths=LENGTHS, most=st.integers(1, 4), padding=st.floats(0, 0.5))
def test_no_choice_of_as_few_pads_less(lengths: list[int], most: int, padding: float) -> None:
    chosen = choose_lengths(lengths, most, padding)
    assert chosen[-1] == max(lengths)
    assert len(chosen) <= most
    found = _padding(lengths, chosen)
    others = [
        (*rest, max(lengths))
        for count in range(len(chosen))
        for rest in combinations(sorted(set(lengths) - {max(lengths)}), count)
    ]
    assert found <= min(_padding(lengths, other) for other in others) + 1e-12
    fewer = [other for other in others if len(other) < len(chosen)]
    assert all(_padding(lengths, other) > padding for other in fewer)


def test_rows_are_answered_one_by_one_and_padded_to_few_lengths() -> None:
    seen = [{"batch": 2, "sequence": length} for length in (5, 7, 8, 30, 31, 32)]
    assert choose_sizes(seen, TEXT, PADDED) == ({"batch": 1, "sequence": 8}, {"batch": 1, "sequence": 32})


def test_what_may_not_be_padded_gets_a_graph_for_each_size() -> None:
    seen = [{"batch": 1, "height": h, "width": w} for h, w in ((32, 32), (32, 64), (32, 32))]
    chosen = choose_sizes(seen, IMAGE, ALONE)
    assert chosen == ({"batch": 1, "height": 32, "width": 32}, {"batch": 1, "height": 32, "width": 64})


def test_a_batch_that_is_not_proven_to_be_of_rows_keeps_its_size() -> None:
    seen = [{"batch": 3, "sequence": 8}, {"batch": 3, "sequence": 8}]
    assert choose_sizes(seen, TEXT, None) == ({"batch": 3, "sequence": 8},)


def test_too_many_sizes_are_told_with_what_to_do() -> None:
    seen = [{"batch": 1, "sequence": length} for length in range(4, 16)]
    named = r"12 sizes.*sequence .*4 to 15.* 4.*sequence 9 or 15,"
    with pytest.raises(SampleError, match=named):
        choose_sizes(seen, TEXT, ALONE, BucketLimits(most=4))


def test_where_two_axes_vary_one_size_of_each_is_proposed() -> None:
    seen = [{"batch": 1, "height": size, "width": 2 * size} for size in range(4, 16)]
    with pytest.raises(SampleError, match="height 15, width 30,"):
        choose_sizes(seen, IMAGE, ALONE, BucketLimits(most=4))
