"""A bundle that is ready to generate: it checks requests, and runs the encoder and the decoder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from edgeattn_runtime.bundle.generation import Generation, batch_axes, batch_symbol, vocabulary
from edgeattn_runtime.contract import Arrays, check_token_ids
from edgeattn_runtime.decoding.prompt import (
    Prompt,
    Tokens,
    count_sequences,
    read_sources,
    read_tokens,
)
from edgeattn_runtime.decoding.stepper import Logits, Stepper
from edgeattn_runtime.engine.kv_cache import check_memory, past_tensors
from edgeattn_runtime.errors import BundleError, InputError
from edgeattn_runtime.model import Model, load


class Decoder:
    """The graphs of a bundle that generates, by its folder or as a loaded model; raises as ``generate`` does.

    Attributes:
        encoder: None for a decoder without one.
        most_rows: The most sequences of one call; None is any number.
        batch_axes: Of what the encoder gives and has a row of for each sequence, the axis of the rows.
    """

    def __init__(self, bundle: str | os.PathLike[str] | Model) -> None:
        model = bundle if isinstance(bundle, Model) else load(bundle)
        self._folder = model.files.folder
        self._generation = generation = self._read(model)
        self._decoder = model.graph(generation.decoder).session
        batch = batch_symbol(self._decoder.graph, generation)
        name = generation.encoder
        self.encoder = None if name is None else Encoder(model, generation, name, batch)
        self.defaults = generation.defaults
        self.vocabulary = vocabulary(self._decoder.graph, generation)
        self.most_rows = model.manifest.symbols[batch].max
        self.batch_axes = batch_axes(generation, self._decoder.graph)

    def first_tokens(self, name: str, prompt: Prompt, start: Iterable[int]) -> Tokens:
        """Return the tokens that the decoder begins with.

        Raises:
            InputError: They are none, too many, outside the vocabulary, or not what the bundle begins with.
        """
        if self.encoder is not None:
            return self._within("start", read_tokens("start", start, vocabulary=self.vocabulary))
        if len(read_tokens("start", start, vocabulary=self.vocabulary, least=0)):
            raise InputError("start: tokens found, none expected: a decoder alone begins with its prompt")
        if isinstance(prompt, Mapping):
            raise self.no_sources(name)
        return self._within(name, read_tokens(name, prompt, vocabulary=self.vocabulary))

    def no_sources(self, name: str) -> InputError:
        """Return the refusal of arrays where there is no encoder."""
        return InputError(f"{name}: arrays by name found, token ids expected: a decoder alone has no sources")

    def limit(self, max_new_tokens: int | None, length: int) -> int:
        """Return how many new tokens there may be behind a prompt of ``length`` tokens; raises InputError."""
        positions = self._generation.positions
        room = None if positions is None else positions - length + 1
        if max_new_tokens is None and room is None:
            raise InputError("max_new_tokens: None found, a number expected: the model has no last position")
        return min(limit for limit in (max_new_tokens, room) if limit is not None)

    def check_rows(self, num_beams: int) -> None:
        """Check that a call may have as many rows as there are beams; raises InputError."""
        if self.most_rows is not None and num_beams > self.most_rows:
            raise InputError(
                f"num_beams: {num_beams} found, at most {self.most_rows} expected: the rows of a call; "
                "export the model with a dynamic batch"
            )

    def check_memory(self, *, total: int, batch: int = 1) -> None:
        """Check that a cache of so many tokens, in so many rows, can be had; raises InputError."""
        pasts = past_tensors(self._generation, self._decoder.graph)
        check_memory(self._generation, pasts, total=total, batch=batch)

    def stepper(self, carried: Sequence[Arrays]) -> Stepper:
        """Return the decoder with an empty cache, for a sequence an item of what the encoder gave of it."""
        names = self._generation.carried
        stacked = {
            name: np.concatenate([each[name] for each in carried], self.batch_axes[name])
            if name in self.batch_axes
            else carried[0][name]
            for name in names
        }
        return Stepper(self._decoder, self._generation, stacked, batch=len(carried))

    def prefill(self, begins: Sequence[Tokens], carried: Sequence[Arrays]) -> tuple[Stepper, Logits]:
        """Begin sequences, each with as many tokens and what the encoder gave of it.

        Returns:
            The decoder with these in its cache, and the logits behind each, (sequences, vocabulary).
        """
        step = self.stepper(carried)
        return step, self.next_logits(step, np.stack(begins))

    def next_logits(self, step: Stepper, tokens: Tokens) -> Logits:
        """Take a step; return the logits behind the last of the tokens (rows, new), (rows, vocabulary).

        Raises:
            InputError: A token is out of range for its lookup table.
            BundleError: The graph fails, or answers no numbers.
        """
        logits = step(tokens)[:, -1]
        for largest in logits.max(axis=-1):  # of a NaN anywhere, max is NaN
            if not np.isfinite(largest):
                raise BundleError(
                    f"{self._folder}: logits whose largest is {largest} found, a finite number expected; "
                    "export the model again"
                )
        return logits

    def _read(self, model: Model) -> Generation:
        if model.manifest.generation is None:
            raise InputError(
                f"{self._folder}: no 'generation' in its manifest, so it generates no tokens; "
                "export a decoder with a key-value cache"
            )
        return model.manifest.generation

    def _within(self, name: str, tokens: Tokens) -> Tokens:
        longest = self._generation.positions
        if longest is not None and len(tokens) > longest:
            raise InputError(
                f"{name}: {len(tokens):,} tokens found, at most {longest:,} expected: the model's positions; "
                "shorten it"
            )
        return tokens


class Encoder:
    """Runs once for each prompt."""

    def __init__(self, model: Model, generation: Generation, name: str, batch: str) -> None:
        self._model = model
        self._name = name
        self._graph = model.manifest.graphs[name]
        self._carried = generation.carried
        self._batch = batch

    def read(self, name: str, prompt: Prompt) -> Arrays:
        """Return the inputs for one sequence; raises InputError."""
        sources = self._read(name, prompt)
        count = count_sequences(sources, self._graph, self._batch)
        if count != 1:
            raise InputError(f"{name}: {count} sequences found, 1 expected; generate_many takes several")
        return sources

    def rows(self, name: str, prompts: Mapping[str, object]) -> list[Arrays]:
        """Return the inputs for each sequence of a batch; raises InputError."""
        sources = self._read(name, prompts)
        inputs = self._graph.inputs
        axes = {each.name: each.dims.index(self._batch) for each in inputs if self._batch in each.dims}
        return [
            {key: array.take([i], axes[key]) if key in axes else array for key, array in sources.items()}
            for i in range(count_sequences(sources, self._graph, self._batch))
        ]

    def run(self, sources: Arrays) -> Arrays:
        """Return what the decoder takes in every call."""
        outputs = self._model.graph(self._name).run(sources)
        return {name: outputs[name] for name in self._carried}

    def _read(self, name: str, prompt: Prompt) -> Arrays:
        manifest = self._model.manifest
        sources = read_sources(name, prompt, self._graph, manifest.symbols)
        check_token_ids(manifest.token_inputs, sources)
        return sources
