from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeattn_runtime import GenerationOptions, InputError
from edgeattn_runtime.decoding.stops import Stops

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=8)
SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4).map(tuple), max_size=4)


@given(TOKENS, SEQUENCES)
def test_the_longest_stop_at_the_end_counts(tokens: list[int], sequences: list[tuple[int, ...]]) -> None:
    ends = [len(each) for each in sequences if tokens[len(tokens) - len(each) :] == list(each)]
    assert Stops(sequences).stop_length(tokens) == max(
        (length for length in ends if length <= len(tokens)), default=0
    )


@given(TOKENS, SEQUENCES)
def test_what_is_not_held_back_begins_no_stop(tokens: list[int], sequences: list[tuple[int, ...]]) -> None:
    partial = Stops(sequences).partial_length(tokens)
    for first in range(len(tokens)):
        rest = tuple(tokens[first:])
        begins = any(len(rest) < len(each) and each[: len(rest)] == rest for each in sequences)
        assert not begins or first >= len(tokens) - partial


def test_the_tokens_that_may_end_a_sequence_are_counted_once() -> None:
    options = GenerationOptions(stop=[3, 3, 1], stop_sequences=[(1, 3), (2, 1), (2, 2)])
    stops = Stops.read(options.settled(), vocabulary=4)
    assert stops.last_tokens == 3
    assert stops.stop_length([2, 1]) == 2
    assert stops.stop_length([1, 1]) == 1
    assert stops.stop_length([2]) == 0


@pytest.mark.parametrize(
    ("stop", "sequences", "pattern"),
    [
        ([4], [], "stop: token 4 "),
        ([], [[]], r"stop_sequences\[0\]: no token "),
        ([], [[1], [1, 4]], r"stop_sequences\[1\]: token 4 "),
        ([], [1, 2], r"stop_sequences\[0\]: "),
        ([], ["ab"], r"stop_sequences\[0\]: "),
        ([], 5, "stop_sequences: int "),
    ],
)
def test_bad_stops(stop: Iterable[int], sequences: Any, pattern: str) -> None:
    with pytest.raises(InputError, match=f"^{pattern}") as caught:
        Stops.read(GenerationOptions(stop=stop, stop_sequences=sequences).settled(), vocabulary=4)
    assert "\n" not in str(caught.value)
