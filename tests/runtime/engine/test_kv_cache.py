from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from draws import drawn_seed

from edgeattn_runtime import InputError
from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.engine.kv_cache import (
    BLOCK,
    cache_bytes,
    capacity_for,
    check_memory,
    empty_cache,
    resized,
)
from edgeattn_runtime.graph import Tensor

LAYERS, HEADS, SIZE = 6, 4, 64
PASTS = tuple(
    Tensor(f"past_{part}_{i}", "float32", ("batch", HEADS, "capacity", SIZE))
    for i in range(LAYERS)
    for part in ("key", "value")
)
IN_INT8 = tuple(
    Tensor(f"{past.name}{suffix}", dtype, (*past.dims[:-1], size))
    for past in PASTS
    for suffix, dtype, size in (("", "int8", SIZE), ("_scale", "float32", 1))
)
GENERATION = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    length="past_length",
    cache=(),
    positions=1000,
)


@pytest.mark.parametrize(("batch", "total"), [(1, 0), (1, 1000), (3, 7)])
def test_bytes_are_those_of_the_arrays(batch: int, total: int) -> None:
    formula = 2 * LAYERS * batch * HEADS * total * SIZE * 4
    assert cache_bytes(PASTS, batch=batch, total=total) == formula
    arrays = [np.zeros((batch, HEADS, total, SIZE), np.float32) for _ in PASTS]
    assert sum(array.nbytes for array in arrays) == formula


def test_a_cache_in_int8_has_a_byte_a_number_and_a_float_a_row() -> None:
    cache = empty_cache(IN_INT8, batch=3, capacity=7)
    assert {array.dtype.name for array in cache.values()} == {"int8", "float32"}
    total = cache_bytes(IN_INT8, batch=3, total=7)
    assert sum(array.nbytes for array in cache.values()) == total == 2 * LAYERS * 3 * HEADS * 7 * (SIZE + 4)


def test_memory_is_that_of_the_room_and_of_what_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = 15 * BLOCK  # 960 tokens: room for 900
    needed = (2 * LAYERS + 1) * HEADS * capacity * SIZE * 4 / 1e6
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.available_memory_mb", lambda: needed)
    check_memory(GENERATION, PASTS, total=900)
    with pytest.raises(InputError, match=r"961 tokens.* 13\.3 MB"):
        check_memory(GENERATION, PASTS, total=961)


@pytest.mark.parametrize(
    ("total", "positions", "capacity"),
    [(1, None, 64), (64, None, 64), (65, None, 128), (65, 100, 100), (1, 16, 16)],
)
def test_room_is_given_in_blocks_up_to_the_positions(
    total: int, positions: int | None, capacity: int
) -> None:
    assert capacity_for(total, positions) == capacity


def test_what_is_held_moves_into_a_larger_array() -> None:
    small = np.random.default_rng(drawn_seed(0)).random((2, HEADS, 8, SIZE), np.float32)
    large = resized(small, length=5, capacity=12)
    np.testing.assert_array_equal(large[:, :, :5], small[:, :, :5], strict=True)
    assert large.shape == (2, HEADS, 12, SIZE)
    assert not large[:, :, 5:].any()


def test_memory_that_cannot_be_known_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn_runtime.engine.kv_cache.available_memory_mb", lambda: None)
    check_memory(replace(GENERATION, positions=None), PASTS, total=10**12)
