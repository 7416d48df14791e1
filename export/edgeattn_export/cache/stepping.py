"""Running a step graph as an app does: the source once, then the tokens in chunks, each with its past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeattn_export.cache.steps import Steps
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.cache import empty_cache

Array = NDArray[np.generic]


class Stepper:
    """The sessions of one ``Steps``."""

    def __init__(self, steps: Steps, engine: Engine) -> None:
        self._steps = steps
        self._decoder = engine.runner(steps.decoder.model)
        self._encoder = None if steps.encoder is None else engine.runner(steps.encoder.model)

    def logits(self, inputs: Inputs, chunks: Sequence[int]) -> Array:
        """Return the logits of a text (batch, sequence, vocabulary), made in chunks of these lengths."""
        made = [outputs[self._steps.logits] for _, outputs in self.walk(inputs, chunks)]
        return np.concatenate(made, axis=1)

    def walk(self, inputs: Inputs, chunks: Sequence[int]) -> Iterator[tuple[Inputs, dict[str, Array]]]:
        """Yield the inputs and outputs of each call of the decoder, on the whole model's inputs."""
        carried = self._encoder(inputs) if self._encoder is not None else {}
        tokens = inputs[self._steps.tokens]
        past = self._nothing(*tokens.shape)
        ends = np.cumsum(chunks)
        for chunk, end in zip(chunks, ends, strict=True):
            fed = {self._steps.tokens: tokens[:, end - chunk : end], **carried, **past}
            outputs = self._decoder(fed)
            yield fed, outputs
            past = {cache.past: outputs[cache.present] for cache in self._steps.caches}
            past |= self._length(int(end))

    def _nothing(self, batch: int, total: int) -> dict[str, Array]:
        """Return a past of length 0, with room for all tokens where it does not grow."""
        names = {cache.past for cache in self._steps.caches}
        pasts = [tensor for tensor in self._steps.decoder.graph.inputs if tensor.name in names]
        capacity = 0 if self._steps.length is None else total
        return {**empty_cache(pasts, batch=batch, capacity=capacity), **self._length(0)}

    def _length(self, held: int) -> dict[str, Array]:
        return {} if self._steps.length is None else {self._steps.length: np.array([held])}
