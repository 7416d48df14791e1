from __future__ import annotations

from itertools import pairwise

import numpy as np

from edgeattn_export.graph.axes import Axes
from edgeattn_export.graph.samples import Sample, Samples
from edgeattn_export.graph.trials import (
    PROVEN_SAMPLES,
    PROVEN_SIZES,
    STACKED_ROWS,
    masked_samples,
    proven_samples,
    trials,
)

AXES = Axes({"ids": ("batch", "sequence"), "mask": ("batch", "sequence")})


def _sample(length: int, fill: int) -> Sample:
    ids = np.full((1, length), fill, np.int64)
    return Sample({"ids": ids, "mask": np.ones_like(ids)})


SAMPLES = Samples((_sample(6, 5), _sample(3, 7), _sample(9, 8)))


def test_real_ends_a_stack_and_ones_each_with_positions_masked_out() -> None:
    *actual, _ = trials(SAMPLES, AXES)
    shapes = [inputs["ids"].shape for inputs in actual[::3]]  # each plain trial comes with two masked ones
    assert shapes == [(1, 3), (1, 9), (STACKED_ROWS, 6), (1, 1)]
    shown = [inputs["mask"].sum(axis=1).tolist() for inputs in actual[3:6]]
    assert shown == [[9], [6], [1]]  # all, two thirds, the first alone
    assert actual[5]["mask"][0, 0] == 1
    assert all((inputs["ids"] == 8).all() for inputs in actual[3:6])  # the mask alone changes


def test_the_last_one_shows_all_of_a_sample() -> None:
    hiding = Samples(
        tuple(Sample({**s.inputs, "mask": np.eye(1, s.inputs["ids"].size, dtype=np.int64)}) for s in SAMPLES)
    )
    *_, last = trials(hiding, AXES)
    assert last["mask"].shape == (1, 6)
    assert last["mask"].all()


def test_samples_themselves_are_left_as_they_are() -> None:
    list(trials(SAMPLES, AXES))
    assert all(sample.inputs["mask"].all() for sample in SAMPLES)


def test_no_mask_no_variants() -> None:
    floats = Samples(tuple(Sample({"x": np.ones((1, n), np.float32)}) for n in (4, 2)))
    actual = list(trials(floats, Axes({"x": ("batch", "sequence")})))
    assert [inputs["x"].shape for inputs in actual] == [(1, 2), (1, 4), (STACKED_ROWS, 4), (1, 1)]


def test_a_vector_of_zeros_and_ones_is_a_label_and_no_mask() -> None:
    labels = Samples((Sample({"x": np.ones(1, np.int64)}),) * 2)
    assert all(inputs["x"].all() for inputs in trials(labels, Axes({"x": ("batch",)})))


def test_fixed_dims_leave_the_samples_alone() -> None:
    fixed = Samples((Sample({"x": np.ones((2, 3), np.float32)}),) * 2)
    assert [inputs["x"].shape for inputs in trials(fixed, Axes({"x": (2, 3)}))] == [(2, 3), (2, 3)]


def test_masks_come_again_with_zeros_and_with_ones_at_their_end() -> None:
    actual = list(masked_samples(SAMPLES))
    assert [inputs["ids"].shape[1] for inputs in actual] == [
        3,
        6,
        9,
        *(n for n in (3, 6, 9) for _ in range(2)),
    ]
    assert [int(inputs["mask"].sum()) for inputs in actual] == [3, 6, 9, 2, 3, 4, 6, 6, 9]
    assert all(sample.inputs["mask"].all() for sample in SAMPLES)


def test_a_mask_that_hides_by_ones_is_seen_to_hide() -> None:
    hiding = Samples(tuple(Sample({"hidden": np.zeros((1, n), np.int64)}) for n in (3, 6)))
    assert [int(inputs["hidden"].sum()) for inputs in masked_samples(hiding)] == [0, 0, 0, 1, 0, 2]


def _lengths(counts: dict[int, int]) -> list[int]:
    samples = Samples(tuple(_sample(length, 1) for length, count in counts.items() for _ in range(count)))
    return [inputs["ids"].shape[1] for inputs in proven_samples(samples, AXES)]


def test_all_of_few_samples_are_proven_on() -> None:
    assert sorted(_lengths({5: 3, 2: 1, 9: 2})) == [2, 5, 5, 5, 9, 9]


def test_of_many_samples_each_size_is_proven_on_and_the_rare_ones_too() -> None:
    lengths = _lengths({8: 300, 3: 200, 7: 2, 11: 1})
    counts = {length: lengths.count(length) for length in set(lengths)}
    assert len(lengths) == PROVEN_SAMPLES
    assert (counts[7], counts[11]) == (2, 1)
    assert abs(counts[8] - counts[3]) <= 1


def test_of_more_sizes_an_even_share_from_the_shortest_to_the_longest_is_proven_on() -> None:
    lengths = _lengths(dict.fromkeys(range(1, 2 * PROVEN_SIZES + 1), 2))
    assert len(lengths) == PROVEN_SIZES
    assert (lengths[0], lengths[-1]) == (1, 2 * PROVEN_SIZES)
    assert {b - a for a, b in pairwise(lengths)} <= {2, 3}
