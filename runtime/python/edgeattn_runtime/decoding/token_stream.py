"""Generation of one prompt: its tokens as they come."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import numpy as np

from edgeattn_runtime.bundle.generation_defaults import either, taken
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.generation_session import CachedText, GenerationSession
from edgeattn_runtime.decoding.prompt import Prompt, Tokens, read_count
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import SingleSearch
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model


def generate(
    bundle: str | os.PathLike[str] | Model,
    prompt: Prompt,
    *,
    start: Iterable[int] | None = None,
    max_new_tokens: int | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float | None = None,
    stop: Iterable[int] | None = None,
    stop_sequences: Iterable[Iterable[int]] = (),
    seed: int | None = None,
    session: GenerationSession | None = None,
) -> Iterator[int]:
    """Continue a prompt, or answer what an encoder reads, and yield the new tokens as they come.

    It ends at the first of: a token of ``stop``, or one of ``stop_sequences``, which are not yielded;
    ``max_new_tokens``; the model's last position. Tokens that may be the beginning of a stop sequence come
    once it is clear that they are not. What is wrong with the call is told at once, before the first step;
    an encoder runs at once too.

    A setting that is None is that of the bundle's ``generation.defaults``; what it is where these have none
    stands in brackets.

    Args:
        bundle: The folder, such as ``story.edge``; or, to generate more than once, the loaded model.
        prompt: Token ids, 1-D, at least one: the sequence so far, or what an encoder-decoder reads. An
            encoder whose sources are others, such as pixels and a mask, takes them by name: one array per
            source, of its dtype and dims, with a batch of 1.
        start: Token ids that begin an encoder-decoder's answer, at least one; none for a decoder alone.
        max_new_tokens: The most to yield, at least 1 (as many as there are positions).
        temperature: 0 is greedy: the likeliest token, of a tie the lowest. Above, tokens are drawn (0).
        top_k: Draw from this many of the likeliest tokens (all).
        top_p: Draw from the fewest of the likeliest tokens that hold this share of 1 (all).
        repetition_penalty: Above 1 makes tokens that were there before, the prompt's of a decoder alone too,
            less likely; below 1 more likely (1).
        stop: Token ids that end it (none).
        stop_sequences: Several token ids in a row that end it, each sequence of at least one.
        seed: Of ``numpy.random.default_rng``: the same seed draws the same tokens; None draws anew.
        session: Keeps the cache for a prompt that continues this one and its answer; of the same loaded
            model, a decoder alone.

    Returns:
        The token ids, each computed when it is asked for.

    Raises:
        InputError: The bundle does not generate, the prompt is empty or longer than the model's positions, a
            token is outside the vocabulary, the sources do not keep the encoder's contract, a setting is out
            of its range, the session is of another model, or the cache needs more memory than there is.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    if session is not None and session.model is not bundle:
        raise InputError(
            "session: one of another model found; load the bundle once, and make the session of that model"
        )
    decoder = Decoder(bundle)
    defaults = decoder.defaults
    sampling = Sampling.over(
        defaults, repetition_penalty=repetition_penalty, temperature=temperature, top_k=top_k, top_p=top_p
    )
    random = np.random.default_rng(None if seed is None else read_count("seed", seed, least=0))
    stops = Stops.read(taken(stop, defaults.stop, ()), stop_sequences, decoder.vocabulary)
    begin = decoder.first_tokens("prompt", prompt, taken(start, defaults.start, ()))
    sources = {} if decoder.encoder is None else decoder.encoder.read("prompt", prompt)
    limit = decoder.limit(either(max_new_tokens, defaults.max_new_tokens), len(begin))
    decoder.check_memory(total=len(begin) + limit - 1)  # the last token is yielded and never fed
    carried = {} if decoder.encoder is None else decoder.encoder.run(sources)
    text = CachedText(decoder, carried) if session is None else session.text
    return _tokens(text, begin, SingleSearch(begin, limit, stops, sampling, random))


def _tokens(text: CachedText, sequence: Tokens, search: SingleSearch) -> Iterator[int]:
    yielded = 0
    while True:
        continued = search.advance(text.logits(sequence))
        settled = search.settled
        yield from settled[yielded:]
        yielded = len(settled)
        if continued is None:
            return
        sequence = np.append(sequence, continued.tokens)
