from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import InputError, load
from edgeattn_runtime.cache import (
    BLOCK,
    cache_bytes,
    capacity_for,
    check_memory,
    empty_cache,
    moved,
    past_tensors,
)
from edgeattn_runtime.manifest import Generation, Tensor

LAYERS, HEADS, SIZE = 6, 4, 64
PASTS = tuple(
    Tensor(f"past_{part}_{i}", "float32", ("batch", HEADS, "past", SIZE))
    for i in range(LAYERS)
    for part in ("key", "value")
)
GROWING = Generation(
    kind="decoder", decoder="model", tokens="tokens", logits="logits", cache=(), positions=None
)
IN_PLACE = replace(GROWING, length="past_length", positions=1000)


def test_only_the_decoder_takes_a_cache(conformance: Path) -> None:
    manifest = load(conformance / "encoder-decoder.edge").manifest
    assert [past.name for past in past_tensors(manifest, "model")] == ["past_key_0", "past_value_0"]
    assert past_tensors(manifest, "encoder") == ()
    assert past_tensors(load(conformance / "good.edge").manifest, "model") == ()


def test_an_empty_cache_has_length_0() -> None:
    cache = empty_cache(PASTS, batch=3)
    assert list(cache) == [past.name for past in PASTS]
    assert {(array.shape, array.dtype.name) for array in cache.values()} == {((3, HEADS, 0, SIZE), "float32")}


@pytest.mark.parametrize(("batch", "total"), [(1, 0), (1, 1000), (3, 7)])
def test_bytes_are_those_of_the_arrays(batch: int, total: int) -> None:
    formula = 2 * LAYERS * batch * HEADS * total * SIZE * 4
    assert cache_bytes(PASTS, batch=batch, total=total) == formula
    arrays = [np.zeros((batch, HEADS, total, SIZE), np.float32) for _ in PASTS]
    assert sum(array.nbytes for array in arrays) == formula


def test_memory_is_that_of_two_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 2 * cache_bytes(PASTS, batch=1, total=1000) / 1e6
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: needed)
    check_memory(GROWING, PASTS, total=1000)
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: needed - 0.1)
    with pytest.raises(
        InputError, match=r"^a cache of 1,000 tokens: 24\.6 MB needed while it grows, 24\.5 MB available; ask"
    ):
        check_memory(GROWING, PASTS, total=1000)


def test_memory_is_that_of_the_room_and_of_what_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    capacity = 15 * BLOCK  # 960 tokens: room for 900
    needed = (2 * LAYERS + 1) * HEADS * capacity * SIZE * 4 / 1e6
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: needed)
    check_memory(IN_PLACE, PASTS, total=900)
    with pytest.raises(InputError, match=r"^a cache of 961 tokens: 13\.3 MB needed while it grows, 12\.8 MB"):
        check_memory(IN_PLACE, PASTS, total=961)


@pytest.mark.parametrize(
    ("total", "positions", "capacity"),
    [(1, None, 64), (64, None, 64), (65, None, 128), (65, 100, 100), (1, 16, 16)],
)
def test_room_is_given_in_blocks_up_to_the_positions(
    total: int, positions: int | None, capacity: int
) -> None:
    assert capacity_for(total, positions) == capacity


def test_what_is_held_moves_into_a_larger_array() -> None:
    small = np.random.default_rng(0).random((2, HEADS, 8, SIZE), np.float32)
    large = moved(small, held=5, capacity=12)
    np.testing.assert_array_equal(large[:, :, :5], small[:, :, :5], strict=True)
    assert large.shape == (2, HEADS, 12, SIZE)
    assert not large[:, :, 5:].any()


def test_memory_that_cannot_be_known_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: None)
    check_memory(GROWING, PASTS, total=10**12)


def test_memory_that_no_machine_has() -> None:
    with pytest.raises(InputError, match="MB needed while it grows"):
        check_memory(GROWING, PASTS, total=10**12)
