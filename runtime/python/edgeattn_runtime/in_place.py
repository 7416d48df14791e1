"""Steps of a decoder whose cache is kept in place: each writes its tokens' keys and values into it.

Nothing of the past is copied, and the arrays are bound once for a whole block of tokens.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeattn_runtime.cache import capacity_for, empty_cache, moved, past_tensors
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.manifest import Generation
from edgeattn_runtime.model import Model
from edgeattn_runtime.prompt import Tokens
from edgeattn_runtime.sampling import Logits


class InPlace:
    """One text's steps, from an empty cache on.

    Args:
        decoder: The graph.
        generation: What its inputs and outputs mean; its ``length`` is not None.
        carried: What the encoder gave of the source; empty for a decoder alone.
    """

    def __init__(self, decoder: Model, generation: Generation, carried: Arrays) -> None:
        self._decoder = decoder
        self._generation = generation
        self._carried = carried
        self._cache = empty_cache(past_tensors(decoder.manifest, generation.decoder), batch=1)
        self._capacity = 0
        self._held = np.zeros(1, np.int64)  # tokens in the cache
        self._tokens = np.zeros((1, 0), np.int64)
        (logits,) = (tensor for tensor in decoder.outputs if tensor.name == generation.logits)
        self._logits = np.zeros((1, 0, int(logits.dims[-1])), np.float32)
        self._run: Callable[[], None] | None = None

    def __call__(self, tokens: Tokens) -> Logits:
        """Take the next tokens, at least one, and return the logits after the last, float32 (vocabulary,).

        The next call overwrites them.

        Raises:
            BundleError: The graph fails.
        """
        total = int(self._held[0]) + len(tokens)
        if total > self._capacity:
            self._make_room(total)
        if self._run is None or len(tokens) != self._tokens.shape[1]:
            self._run = self._bound(len(tokens))
        self._tokens[0] = tokens
        self._run()
        self._held += len(tokens)
        logits: Logits = self._logits[0, -1]
        return logits

    def _make_room(self, total: int) -> None:
        self._run = None  # it holds the arrays that are to go
        self._capacity = capacity_for(total, self._generation.positions)
        held = int(self._held[0])
        for name in self._cache:
            self._cache[name] = moved(self._cache[name], held=held, capacity=self._capacity)

    def _bound(self, sequence: int) -> Callable[[], None]:
        """Return the call for so many new tokens."""
        names = self._generation
        self._tokens = np.zeros((1, sequence), np.int64)
        self._logits = np.zeros((1, sequence, self._logits.shape[-1]), np.float32)
        inputs = {names.tokens: self._tokens, **self._cache, **self._carried}
        if names.length is not None:
            inputs[names.length] = self._held
        presents = {entry.present: self._cache[entry.past] for entry in names.cache}
        return self._decoder.bind(inputs, {names.logits: self._logits, **presents})
