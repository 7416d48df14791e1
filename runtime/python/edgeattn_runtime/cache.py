"""The key-value cache of a decoder: which tensors it is made of, its memory, and how it grows."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.manifest import CacheEntry, Manifest, Tensor
from edgeattn_runtime.memory import available_memory_mb


def past_tensors(manifest: Manifest, graph: str) -> tuple[Tensor, ...]:
    """Return the inputs of ``graph`` that take the cache, (batch, heads, past, size): only a decoder's."""
    generation = manifest.generation
    if generation is None or graph != generation.decoder:
        return ()
    names = {entry.past for entry in generation.cache}
    return tuple(tensor for tensor in manifest.graphs[graph].inputs if tensor.name in names)


def empty_cache(pasts: Iterable[Tensor], *, batch: int) -> Arrays:
    """Return the cache before the first token: arrays of length 0."""
    return {past.name: np.zeros(_shape(past, batch, 0), past.dtype) for past in pasts}


def cache_bytes(pasts: Iterable[Tensor], *, batch: int, total: int) -> int:
    """Return the bytes of a cache of ``total`` tokens.

    2 x layers x batch x heads x total x size x 4: keys and values of every layer, in float32.
    """
    return sum(math.prod(_shape(past, batch, total)) * np.dtype(past.dtype).itemsize for past in pasts)


def check_memory(pasts: Iterable[Tensor], *, total: int) -> None:
    """Check that a cache of ``total`` tokens can be had, where the machine says what it has.

    A step holds the cache that it was given and the longer one that it answers with, so twice the cache.

    Raises:
        InputError: It is more than the available memory.
    """
    needed = 2 * cache_bytes(pasts, batch=1, total=total) / 1e6
    available = available_memory_mb()
    if available is not None and needed > available:
        raise InputError(
            f"a cache of {total:,} tokens: {needed:,.1f} MB needed while it grows, "
            f"{available:,.1f} MB available; ask for fewer new tokens"
        )


def grown(entries: Iterable[CacheEntry], outputs: Arrays) -> Arrays:
    """Return the cache for the next step: what the decoder answered, under the names that it takes."""
    return {entry.past: outputs[entry.present] for entry in entries}


def _shape(past: Tensor, batch: int, length: int) -> tuple[int, int, int, int]:
    _, heads, _, size = past.dims
    return batch, int(heads), length, int(size)
