from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import InputError, load
from edgeattn_runtime.cache import cache_bytes, check_memory, empty_cache, past_tensors
from edgeattn_runtime.manifest import Tensor

LAYERS, HEADS, SIZE = 6, 4, 64
PASTS = tuple(
    Tensor(f"past_{part}_{i}", "float32", ("batch", HEADS, "past", SIZE))
    for i in range(LAYERS)
    for part in ("key", "value")
)


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
    check_memory(PASTS, total=1000)
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: needed - 0.1)
    with pytest.raises(
        InputError, match=r"^a cache of 1,000 tokens: 24\.6 MB needed while it grows, 24\.5 MB available; ask"
    ):
        check_memory(PASTS, total=1000)


def test_memory_that_cannot_be_known_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeattn_runtime.cache.available_memory_mb", lambda: None)
    check_memory(PASTS, total=10**12)


def test_memory_that_no_machine_has() -> None:
    with pytest.raises(InputError, match="MB needed while it grows"):
        check_memory(PASTS, total=10**12)
