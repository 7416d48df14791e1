"""Generation: one token after the other, each step feeding the last token and the cache so far."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from edgeattn_runtime.cache import check_memory, past_tensors
from edgeattn_runtime.contract import Arrays
from edgeattn_runtime.errors import BadInput, BundleError, InputError
from edgeattn_runtime.generation import Generation, batch_symbol, vocabulary
from edgeattn_runtime.model import Model, load
from edgeattn_runtime.prompt import Tokens, read_count, read_tokens
from edgeattn_runtime.sampling import Logits, Sampling, choose
from edgeattn_runtime.sources import Prompt, read_sources
from edgeattn_runtime.stepping import Stepper


def generate(
    bundle: str | os.PathLike[str] | Model,
    prompt: Prompt,
    *,
    start: Iterable[int] = (),
    max_new_tokens: int | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: Iterable[int] = (),
    seed: int | None = None,
) -> Iterator[int]:
    """Continue a prompt, or answer what an encoder reads, and yield the new tokens as they come.

    It ends at the first of: a token of ``stop``, which is not yielded; ``max_new_tokens``; the model's last
    position. What is wrong with the call is told at once, before the first step; an encoder runs at once too.

    Args:
        bundle: The folder, such as ``story.edge``; or, to generate more than once, the loaded model.
        prompt: Token ids, 1-D, at least one: the sequence so far, or what an encoder-decoder reads. An
            encoder whose sources are others, such as pixels and a mask, takes them by name: one array per
            source, of its dtype and dims, with a batch of 1.
        start: Token ids that begin an encoder-decoder's answer, at least one; none for a decoder alone.
        max_new_tokens: The most to yield, at least 1; None is as many as there are positions.
        temperature: 0 is greedy: the likeliest token, of a tie the lowest. Above, tokens are drawn.
        top_k: Draw from this many of the likeliest tokens; None from all.
        top_p: Draw from the fewest of the likeliest tokens that hold this share of 1; None from all.
        stop: Token ids that end it.
        seed: Of ``numpy.random.default_rng``: the same seed draws the same tokens; None draws anew.

    Returns:
        The token ids, each computed when it is asked for.

    Raises:
        InputError: The prompt is empty or longer than the model's positions, a token is outside the
            vocabulary, the sources do not keep the encoder's contract, a setting is out of its range, or the
            cache needs more memory than there is.
        BadInput: The bundle does not generate.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    model = bundle if isinstance(bundle, Model) else load(bundle)
    generation = _generation(model)
    decoder = model.graph(generation.decoder).session
    words = vocabulary(decoder.graph, generation)
    sampling = Sampling(temperature, top_k, top_p)
    random = np.random.default_rng(None if seed is None else read_count("seed", seed, least=0))
    stops = frozenset(read_tokens("stop", stop, vocabulary=words, least=0).tolist())
    begin = _beginning(generation, prompt, start, words)
    sources = _sources(model, generation, prompt)
    count = _count(max_new_tokens, len(begin), generation.positions)
    # The last token is yielded and never fed.
    pasts = past_tensors(generation, decoder.graph)
    check_memory(generation, pasts, total=len(begin) + count - 1)
    step = Stepper(decoder, generation, _encode(model, generation, sources))
    following = partial(_following, folder=model.files.folder, sampling=sampling, random=random)
    return _tokens(step, begin, count, following, stops)


def _tokens(
    step: Stepper,
    begin: Tokens,
    count: int,
    following: Callable[[Logits], int],
    stops: frozenset[int],
) -> Iterator[int]:
    tokens = begin
    for _ in range(count):
        token = following(step(tokens[np.newaxis])[0, -1])
        if token in stops:
            return
        yield token
        tokens = np.array([token])


def _following(logits: Logits, *, folder: Path, sampling: Sampling, random: np.random.Generator) -> int:
    if not np.isfinite(logits.max()):  # of a NaN anywhere, max is NaN
        raise BundleError(
            f"{folder}: logits whose largest is {logits.max()} found, a finite number expected; "
            "export the model again"
        )
    return choose(logits, sampling=sampling, random=random)


def _generation(model: Model) -> Generation:
    generation = model.manifest.generation
    if generation is None:
        raise BadInput(
            f"{model.files.folder}: no 'generation' in its manifest, so it generates no tokens; "
            "export a decoder with a key-value cache"
        )
    return generation


def _beginning(generation: Generation, prompt: Prompt, start: Iterable[int], words: int) -> Tokens:
    """Return the tokens that the decoder begins with."""
    if generation.encoder is not None:
        return _within("start", read_tokens("start", start, vocabulary=words), generation)
    if len(read_tokens("start", start, vocabulary=words, least=0)):
        raise InputError("start: tokens found, none expected: a decoder alone begins with its prompt")
    if isinstance(prompt, Mapping):
        raise InputError("prompt: arrays by name found, token ids expected: a decoder alone has no sources")
    return _within("prompt", read_tokens("prompt", prompt, vocabulary=words), generation)


def _within(name: str, tokens: Tokens, generation: Generation) -> Tokens:
    longest = generation.positions
    if longest is not None and len(tokens) > longest:
        raise InputError(
            f"{name}: {len(tokens):,} tokens found, at most {longest:,} expected: the model's positions; "
            "shorten it"
        )
    return tokens


def _count(max_new_tokens: int | None, begun: int, positions: int | None) -> int:
    """Return how many tokens there may be."""
    room = None if positions is None else positions - begun + 1
    if max_new_tokens is None and room is None:
        raise InputError("max_new_tokens: None found, a number expected: the model has no last position")
    asked = None if max_new_tokens is None else read_count("max_new_tokens", max_new_tokens, least=1)
    return min(limit for limit in (asked, room) if limit is not None)


def _sources(model: Model, generation: Generation, prompt: Prompt) -> Arrays:
    if generation.encoder is None:
        return {}
    graphs, symbols = model.manifest.graphs, model.manifest.symbols
    batch = batch_symbol(graphs[generation.decoder], generation)
    return read_sources(prompt, graphs[generation.encoder], symbols, batch=batch)


def _encode(model: Model, generation: Generation, sources: Arrays) -> Arrays:
    if generation.encoder is None:
        return {}
    outputs = model.graph(generation.encoder).run(sources)
    return {name: outputs[name] for name in generation.carried}
