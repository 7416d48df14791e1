"""The key-value cache of a decoder: its tensors, their memory and growth, and a call without one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edgeattn_runtime.boundary import refusing
from edgeattn_runtime.bundle.generation import Generation, cache_inputs
from edgeattn_runtime.contract import Arrays, check_inputs
from edgeattn_runtime.engine.system import available_memory_mb
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.graph import Graph, Symbol, Tensor

# Tokens that a cache grows by. Moving it costs about what two steps read, so a step in 64 may;
# attention reads the whole capacity, so more room would cost every step.
BLOCK = 64


def past_tensors(generation: Generation, decoder: Graph) -> tuple[Tensor, ...]:
    """Return the decoder's inputs that take the keys and values of the tokens before."""
    names = {entry.past for entry in generation.cache}
    return tuple(tensor for tensor in decoder.inputs if tensor.name in names)


def empty_cache(pasts: Iterable[Tensor], *, batch: int, capacity: int) -> Arrays:
    """Return a cache that holds nothing, with room for ``capacity`` tokens."""
    return {past.name: zeros(_shape(past, batch, capacity), past.dtype) for past in pasts}


def fresh_cache(generation: Generation, pasts: Iterable[Tensor], *, batch: int, sequence: int) -> Arrays:
    """Return what a decoder takes with its ``sequence`` tokens where nothing came before them."""
    return {generation.length: np.zeros(1, np.int64), **empty_cache(pasts, batch=batch, capacity=sequence)}


def decoder_inputs(
    generation: Generation, decoder: Graph, symbols: Mapping[str, Symbol], inputs: Mapping[str, object]
) -> Arrays:
    """Return a decoder's inputs as arrays that keep its contract, with an empty cache where they have none.

    Raises:
        InputError: They do not keep it, or the cache has no room for the tokens.
    """
    cache = cache_inputs(generation)
    if any(name in inputs for name in cache):
        arrays = check_inputs(decoder, symbols, inputs)
        check_room(generation, arrays)
        return arrays
    tensors = tuple(tensor for tensor in decoder.inputs if tensor.name not in cache)
    arrays = check_inputs(replace(decoder, inputs=tensors), symbols, inputs)
    batch, sequence = arrays[generation.tokens].shape
    pasts = past_tensors(generation, decoder)
    return {**arrays, **fresh_cache(generation, pasts, batch=batch, sequence=sequence)}


def check_room(generation: Generation, arrays: Arrays) -> None:
    """Check that the cache has room for a call's tokens; raises InputError."""
    capacity = arrays[generation.cache[0].past].shape[2]
    length, new = int(arrays[generation.length][0]), arrays[generation.tokens].shape[1]
    if not 0 <= length <= capacity - new:
        raise InputError(
            f"{generation.length}: {length:,} tokens found before {new:,} new ones in a cache with room for "
            f"{capacity:,}; give a larger cache, and the number of tokens that it holds"
        )


def cache_bytes(pasts: Iterable[Tensor], *, batch: int, total: int) -> int:
    """Return the bytes of a cache of ``total`` tokens, or with room for them.

    2 x layers x batch x heads x total x size x 4 in float32: keys and values of every layer. In int8 it is
    size + 4 in place of size x 4: each row has a scale.
    """
    return sum(math.prod(_shape(past, batch, total)) * np.dtype(past.dtype).itemsize for past in pasts)


def capacity_for(total: int, positions: int | None) -> int:
    """Return the room that a cache is given for ``total`` tokens: whole blocks of ``BLOCK``."""
    blocks = -(-total // BLOCK) * BLOCK
    return blocks if positions is None else min(blocks, positions)


def check_memory(generation: Generation, pasts: Iterable[Tensor], *, total: int, batch: int = 1) -> None:
    """Check that a cache of ``total`` tokens in each row can be had, where the machine says what it has.

    Its tensors are resized one by one where it grows, so that the largest is there twice.

    Raises:
        InputError: It is more than the available memory.
    """
    pasts = tuple(pasts)
    largest = max(pasts, key=lambda past: cache_bytes((past,), batch=1, total=1))
    room = capacity_for(total, generation.positions)
    needed, available = cache_bytes((*pasts, largest), batch=batch, total=room) / 1e6, available_memory_mb()
    if available is not None and needed > available:
        rows, advice = (
            ("", "") if batch == 1 else (f" in each of {batch:,} rows", ", beams or prompts at once")
        )
        raise InputError(
            f"a cache of {total:,} tokens{rows}: {needed:,.1f} MB needed while it grows, {available:,.1f} MB "
            f"available; ask for fewer new tokens{advice}"
        )


def resized(*arrays: NDArray[np.generic], length: int, capacity: int) -> NDArray[np.generic]:
    """Return a cache's array with room for ``capacity`` tokens, the first ``length`` of them taken over.

    Of several arrays the rows follow one another.
    """
    _, heads, _, size = arrays[0].shape
    room = zeros((sum(map(len, arrays)), heads, capacity, size), arrays[0].dtype)
    begin = 0
    for array in arrays:
        room[begin : begin + len(array), :, :length] = array[:, :, :length]
        begin += len(array)
    return room


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros, of a shape that the manifest has a say in.

    Raises:
        BundleError: It is more than an array can have.
        ResourceError: It is more than the machine has.
    """
    with refusing(BundleError, f"{dtype} {list(shape)}", "no array can have this size", "export again"):
        return np.zeros(shape, dtype)


def _shape(past: Tensor, batch: int, length: int) -> tuple[int, int, int, int]:
    _, heads, _, size = past.dims
    return batch, int(heads), length, int(size)
