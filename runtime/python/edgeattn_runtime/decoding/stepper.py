"""A decoder, step by step: each call writes its tokens' keys and values into a cache that stays in place.

Nothing of the past is copied, and the arrays are bound once for a whole block of tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeattn_runtime.bundle.generation import Generation, batch_axes, vocabulary
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.engine.graph_session import OpenGraph
from edgeattn_runtime.engine.kv_cache import capacity_for, empty_cache, past_tensors, resized, zeros

Logits = NDArray[np.floating[Any]]


class Stepper:
    """A batch of sequences of equal length, from an empty cache on.

    ``carried`` is what the encoder gave of the sources; ``capacity`` is the room of the cache at first.
    """

    def __init__(
        self,
        decoder: OpenGraph,
        generation: Generation,
        carried: Mapping[str, NDArray[Any]],
        *,
        batch: int = 1,
        capacity: int = 0,
    ) -> None:
        self._decoder = decoder
        self._generation = generation
        self._carried = {name: np.ascontiguousarray(array) for name, array in carried.items()}
        self._batch = batch
        self._capacity = capacity
        self._cache = empty_cache(past_tensors(generation, decoder.graph), batch=batch, capacity=capacity)
        self._length = np.zeros(1, np.int64)  # tokens in the cache
        self._batch_axes = batch_axes(generation, decoder.graph)
        self._tokens = np.zeros((batch, 0), np.int64)
        self._logits = zeros((batch, 0, vocabulary(decoder.graph, generation)), np.float32)
        self._run: Callable[[], None] | None = None

    def __call__(self, tokens: Tokens) -> Logits:
        """Take the next tokens, int64 (batch, new), at least one new.

        Returns:
            The logits behind each, float32 (batch, new, vocabulary); the next call overwrites them.

        Raises:
            InputError: A token is out of range for its lookup table.
            BundleError: The graph fails.
        """
        self._make_room(tokens.shape[1])
        if self._run is None or tokens.shape[1] != self._tokens.shape[1]:
            self._run = self._bound(tokens.shape[1])
        self._tokens[...] = tokens
        self._run()
        self._length += tokens.shape[1]
        return self._logits

    @property
    def length(self) -> int:
        """How many tokens each sequence has so far."""
        return int(self._length[0])

    def rewind(self, length: int) -> None:
        """Go on behind the first ``length`` tokens, at most as many as there are."""
        self._length[0] = length

    def reorder(self, rows: NDArray[np.int64], *, shared: int) -> None:
        """Go on with these rows in the places of the batch, and copy only what differs.

        Args:
            rows: int64 (batch,); each has what the encoder gave in common with the one that it replaces.
            shared: The number of first tokens that they have in common too.
        """
        changed = np.flatnonzero(rows != np.arange(self._batch))
        if shared < self.length and len(changed):
            for array in self._cache.values():
                array[changed, :, shared : self.length] = array[rows[changed], :, shared : self.length]

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Go on with only these rows, int64 (new batch,), in this order; one may be there several times."""
        self._run, self._batch = None, len(rows)  # it holds the arrays that are to go
        for name in self._cache:
            self._cache[name] = self._cache[name][rows]
        for name, axis in self._batch_axes.items():
            self._carried[name] = self._carried[name].take(rows, axis)

    def join(self, other: Stepper) -> None:
        """Take the sequences of another stepper of this graph in behind these; both hold as many tokens."""
        self._run, self._batch = None, self._batch + other._batch
        self._capacity = max(self._capacity, other._capacity)
        for name in self._cache:
            pair = (self._cache[name], other._cache[name])
            self._cache[name] = resized(*pair, length=self.length, capacity=self._capacity)
        for name, axis in self._batch_axes.items():
            self._carried[name] = np.concatenate((self._carried[name], other._carried[name]), axis)

    def inputs(self, tokens: Tokens) -> Arrays:
        """Return copies of all that a call with these tokens would feed to the graph now."""
        self._make_room(tokens.shape[1])
        arrays = {**self._inputs(), self._generation.tokens: tokens}
        return {tensor.name: arrays[tensor.name].copy() for tensor in self._decoder.graph.inputs}

    def _make_room(self, new: int) -> None:
        if self.length + new <= self._capacity:
            return
        self._run = None  # it holds the arrays that are to go
        self._capacity = capacity_for(self.length + new, self._generation.positions)
        for name in self._cache:
            self._cache[name] = resized(self._cache[name], length=self.length, capacity=self._capacity)

    def _bound(self, new: int) -> Callable[[], None]:
        """Return the call for so many new tokens."""
        self._tokens = np.zeros((self._batch, new), np.int64)
        self._logits = zeros((self._batch, new, self._logits.shape[-1]), np.float32)
        presents = {entry.present: self._cache[entry.past] for entry in self._generation.cache}
        return self._decoder.bind(self._inputs(), {self._generation.logits: self._logits, **presents})

    def _inputs(self) -> Arrays:
        names = self._generation
        return {names.tokens: self._tokens, names.length: self._length, **self._cache, **self._carried}
