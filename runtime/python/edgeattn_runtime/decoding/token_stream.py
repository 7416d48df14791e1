"""Generation of one prompt: its tokens as they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Unpack

import numpy as np

from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions, NamedOptions
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.generation_session import CachedText, GenerationSession
from edgeattn_runtime.decoding.prompt import Prompt, Tokens
from edgeattn_runtime.decoding.request import Request
from edgeattn_runtime.decoding.search import SingleSearch
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model

_ONE_BEAM = GenerationOptions(num_beams=1, num_return_sequences=1)


def generate(
    bundle: str | os.PathLike[str] | Model,
    prompt: Prompt,
    options: GenerationOptions | None = None,
    *,
    session: GenerationSession | None = None,
    **named: Unpack[NamedOptions],
) -> Iterator[int]:
    """Continue a prompt, or answer what an encoder reads, and yield the new tokens as they come.

    It ends at the first of: a token of ``stop``, or one of ``stop_sequences``, which are not yielded;
    ``max_new_tokens``; the model's last position. Tokens that may be the beginning of a stop sequence come
    once it is clear that they are not. What is wrong with the call is raised at once, before the first step;
    an encoder runs at once too.

    Args:
        bundle: The folder, such as ``story.edge``; or, to generate more than once, the loaded model.
        prompt: Token ids, 1-D, at least one: the sequence so far, or what an encoder-decoder reads. An
            encoder whose sources are others, such as pixels and a mask, takes them by name: one array per
            source, of its dtype and dims, with a batch of 1.
        options: See ``GenerationOptions``. There is one beam here: a bundle's beams do not hold.
        session: Keeps the cache for a prompt that continues this one and its answer; of the same loaded
            model, a decoder without an encoder.
        named: Options by name; they go before ``options``, and these before the bundle's.

    Returns:
        The token ids, each computed when it is asked for.

    Raises:
        InputError: The bundle does not generate, the prompt is empty or longer than the model's positions, a
            token is outside the vocabulary, the sources do not keep the encoder's contract, an option is out
            of its limits, the session is of another model, or the cache needs more memory than there is.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    if session is not None and session.model is not bundle:
        raise InputError(
            "session: one of another model found; load the bundle once, and make the session of that model"
        )
    asked = GenerationOptions(**named).over(options or NO_OPTIONS).over(_ONE_BEAM)
    if asked.num_beams != 1:
        raise InputError(
            f"num_beams: {asked.num_beams} found, 1 expected: tokens come one by one; use generate_many"
        )
    decoder = Decoder(bundle)
    request = Request.of(decoder, asked)
    begin = decoder.first_tokens("prompt", prompt, request.start)
    sources = {} if decoder.encoder is None else decoder.encoder.read("prompt", prompt)
    limit = decoder.limit(request.options.max_new_tokens, len(begin))
    decoder.check_memory(total=len(begin) + limit - 1)  # the last token is yielded and never fed
    carried = {} if decoder.encoder is None else decoder.encoder.run(sources)
    text = CachedText(decoder, carried) if session is None else session.text
    return _tokens(text, begin, request.single_search(begin, limit))


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
