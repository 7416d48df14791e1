from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeattn_export.incremental import Steps, with_int8_cache
from edgeattn_export.incremental.kv_cache.derive import check_fits
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.engine.kv_cache import cache_bytes, past_tensors

NAMES = ("learned", "rotary", "translation")  # the last is an encoder-decoder
SOURCE, LENGTH = 11, 9
CLOSE = 0.05  # of the logits' scale: what keys and values in int8 may change
SAME = 1e-5  # of it: rounding alone

Arrays = Mapping[str, NDArray[np.generic]]
Error = Callable[[Arrays, Arrays], float]


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest, derivation: Callable[[str], Any]) -> tuple[Steps, Arrays]:
    """Steps with a cache in float32, and inputs of their whole model."""
    found = derivation(request.param)
    lengths = (SOURCE, LENGTH) if request.param == "translation" else (LENGTH,)
    return found.steps, found.inputs(3, *lengths)


def test_it_holds_a_byte_a_number_and_a_scale_a_row(case: tuple[Steps, Arrays]) -> None:
    steps, _ = case
    int8 = with_int8_cache(steps)
    check_fits(int8)
    floats, rows = (past_tensors(each.generation, each.main.graph) for each in (steps, int8))
    assert [past.dtype for past in rows] == ["int8", "float32"] * len(floats)
    expected = sum(int(past.dims[1]) * (int(past.dims[3]) + 4) for past in floats)
    assert cache_bytes(rows, batch=1, total=1) == expected


def test_it_leaves_the_steps_that_it_is_given(case: tuple[Steps, Arrays]) -> None:
    steps, _ = case
    before = [tensor.dtype for tensor in steps.main.graph.inputs], len(steps.main.model.graph)
    with_int8_cache(steps)
    assert ([tensor.dtype for tensor in steps.main.graph.inputs], len(steps.main.model.graph)) == before


def test_its_logits_are_close_and_not_the_same(case: tuple[Steps, Arrays], scaled_error: Error) -> None:
    steps, inputs = case
    expected, actual = (each.runner(ORT_CPU)(inputs) for each in (steps, with_int8_cache(steps)))
    assert SAME < scaled_error(expected, actual) < CLOSE


@pytest.mark.parametrize("chunks", [(1,) * LENGTH, (4, 1, 4)])
def test_tokens_one_by_one_are_rounded_as_a_whole_prompt_is(
    chunks: Sequence[int], case: tuple[Steps, Arrays], scaled_error: Error
) -> None:
    steps, inputs = case
    runner = with_int8_cache(steps).runner(ORT_CPU)
    whole = runner.logits(inputs, (LENGTH,), capacity=LENGTH)
    for capacity in (0, LENGTH):  # in blocks, as on devices, and just enough
        stepped = runner.logits(inputs, chunks, capacity=capacity)
        assert scaled_error({"logits": whole}, {"logits": stepped}) < SAME


def test_each_row_is_rounded_by_its_largest_number(case: tuple[Steps, Arrays]) -> None:
    steps, inputs = case
    both = (steps, with_int8_cache(steps))
    fed, int8_fed = (list(each.runner(ORT_CPU).walk(inputs, (LENGTH - 1, 1)))[1] for each in both)
    for cache in steps.generation.cache[:1]:  # later layers read what the first has rounded
        rows, kept, scale = fed[cache.past], int8_fed[cache.past], int8_fed[f"{cache.past}_scale"]
        filled = rows[:, :, : LENGTH - 1], kept[:, :, : LENGTH - 1], scale[:, :, : LENGTH - 1]
        assert (np.abs(filled[1].astype(int)).max(-1) == 127).all()
        assert (np.abs(filled[0] - filled[1] * filled[2]) <= 0.5001 * filled[2]).all()
        assert not kept[:, :, LENGTH - 1 :].any()
