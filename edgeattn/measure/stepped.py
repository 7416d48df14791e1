"""A bundle that generates, answering as its original does: the whole text at once, from an empty cache."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from edgeattn.measure.runners import Arrays, Call, Engine, Runner
from edgeattn_export.graph.session import session_of
from edgeattn_export.quantize.parts import Parts
from edgeattn_runtime.cache import fresh_cache
from edgeattn_runtime.failure import failure
from edgeattn_runtime.manifest import Generation, Graph
from edgeattn_runtime.session import ENGINE_ERRORS

Sessions = Mapping[str, onnxruntime.InferenceSession]


def int8_runner(sessions: Sessions, graphs: Mapping[str, Graph], generation: Generation | None) -> Runner:
    """Return a bundle's graphs as one runner of the model that they were made of.

    Args:
        sessions: By the names of the manifest's graphs.
        graphs: Their contracts.
        generation: The manifest's; None where the one graph is the whole model.
    """
    if generation is None:
        return Engine(next(iter(sessions.values())))
    return Stepped(sessions, graphs, generation)


def runner_of_parts(parts: Parts, *, threads: int) -> Runner:
    """Return int8 graphs that are not yet on disk as one runner of the model that they were made of."""
    sessions = {
        name: session_of(part.quantized.model, threads=threads) for name, part in parts.graphs.items()
    }
    return int8_runner(sessions, {name: part.graph for name, part in parts.graphs.items()}, parts.generation)


class Stepped:
    """A decoder with its cache, and its encoder where it has one, called without a past."""

    def __init__(self, sessions: Sessions, graphs: Mapping[str, Graph], generation: Generation) -> None:
        self._generation = generation
        self._decoder = sessions[generation.decoder]
        self._encoder = None if generation.encoder is None else sessions[generation.encoder]
        pasts = {entry.past for entry in generation.cache}
        self._pasts = [tensor for tensor in graphs[generation.decoder].inputs if tensor.name in pasts]

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answer once."""
        names = [self._generation.logits]
        return dict(zip(names, self._run(self._split(inputs)), strict=True))

    def bind(self, inputs: Arrays) -> Call:
        """Return the call that answers these inputs, the source's encoding included."""
        return partial(self._run, self._split(inputs))

    def _split(self, inputs: Arrays) -> tuple[Arrays, Arrays]:
        tokens = inputs[self._generation.tokens]
        source = {name: value for name, value in inputs.items() if name == self._generation.source}
        batch, sequence = tokens.shape
        cache = fresh_cache(self._generation, self._pasts, batch=batch, sequence=sequence)
        return source, {self._generation.tokens: tokens, **cache}

    def _run(self, split: tuple[Arrays, Arrays]) -> list[NDArray[Any]]:
        try:
            return self._answered(*split)
        except ENGINE_ERRORS as error:
            raise failure("onnxruntime", error, {**split[0], **split[1]}) from error

    def _answered(self, source: Arrays, fed: Arrays) -> list[NDArray[Any]]:
        if self._encoder is not None:
            carried = self._encoder.run(list(self._generation.carried), dict(source))
            fed = {**fed, **dict(zip(self._generation.carried, carried, strict=True))}
        answer: list[NDArray[Any]] = self._decoder.run([self._generation.logits], dict(fed))
        return answer
