from __future__ import annotations

import numpy as np
import pytest

from edgeattn_export.graph.samples import (
    DRAFT_EVALUATION,
    DRAFT_SELECTION,
    LEAST_SAMPLES,
    Sample,
    Samples,
    stratified,
)


def _of(*sizes: int) -> Samples:
    return Samples(
        tuple(Sample({"x": np.ones((1, size), np.float32)}, target=i) for i, size in enumerate(sizes))
    )


def _targets(samples: Samples) -> list[object]:
    return [sample.target for sample in samples]


def test_three_parts_are_dealt_in_turn() -> None:
    parts = _of(*range(1, 11)).split()
    assert _targets(parts.calibration) == [0, 4, 8]
    assert _targets(parts.selection) == [2, 6]
    assert _targets(parts.evaluation) == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("count", [LEAST_SAMPLES, 4, 7, 100])
def test_no_sample_is_in_two_parts_and_none_is_empty(count: int) -> None:
    parts = _of(*range(1, count + 1)).split()
    each = [_targets(part) for part in (parts.calibration, parts.selection, parts.evaluation)]
    assert all(each)
    assert sorted(target for part in each for target in part) == list(range(count))


def test_a_draft_takes_few_samples_from_all_over_each_part() -> None:
    parts = _of(*range(1, 401)).split()
    few = parts.few()
    for part, share, most in (
        (parts.selection, few.selection, DRAFT_SELECTION),
        (parts.evaluation, few.evaluation, DRAFT_EVALUATION),
    ):
        assert len(share) == most
        assert set(_targets(share)) <= set(_targets(part))
        assert share[0] == part[0]
        assert share[-1].number >= part[-len(part) // most - 1].number


def test_a_draft_of_few_samples_takes_them_all() -> None:
    parts = _of(*range(1, 11)).split()
    assert parts.few() == parts


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [4]), (2, [2, 9]), (3, [2, 5, 9]), (5, [2, 4, 5, 7, 9]), (9, [2, 4, 5, 7, 9])]
)
def test_stratified_inputs_reach_from_the_smallest_to_the_largest(count: int, sizes: list[int]) -> None:
    inputs = [sample.inputs for sample in _of(7, 2, 9, 4, 5)]
    actual = [arrays["x"].size for arrays in stratified(inputs, count)]
    assert actual == ([5] if count == 1 else sizes)
