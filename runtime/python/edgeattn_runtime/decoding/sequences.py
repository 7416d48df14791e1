"""Generation of many prompts at once, and with beams: whole sequences with their scores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Unpack

from edgeattn_runtime.bundle.generation_options import NO_OPTIONS, GenerationOptions, NamedOptions
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.lockstep import Task, run_all
from edgeattn_runtime.decoding.prompt import Prompt
from edgeattn_runtime.decoding.request import Request
from edgeattn_runtime.decoding.search import Hypothesis
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model


def generate_many(
    bundle: str | os.PathLike[str] | Model,
    prompts: Iterable[Prompt] | Mapping[str, object],
    options: GenerationOptions | None = None,
    **named: Unpack[NamedOptions],
) -> list[list[Hypothesis]]:
    """Continue many prompts at once, of any lengths, each as it would be alone; with beams where asked for.

    Every call of the decoder takes the next token of all of them, as far as its contract and what the encoder
    gave let them share one. int8 graphs scale the activations of a call together, so that there a close
    choice may turn by what else is in the call; float graphs answer the same.

    Args:
        bundle: The folder, or the loaded model.
        prompts: One or more, each as ``generate`` takes it; or, of an encoder-decoder, one array per source
            with all of them in its batch, padded as the encoder expects it.
        options: See ``GenerationOptions``.
        named: Options by name; they go before ``options``, and these before the bundle's.

    Returns:
        For each prompt its sequences, the best first.

    Raises:
        InputError: There is no prompt, or as ``generate`` does; its message names the prompt.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    decoder = Decoder(bundle)
    request = Request.of(decoder, GenerationOptions(**named).over(options or NO_OPTIONS))
    labeled = _label_prompts(decoder, prompts)
    begins = [decoder.first_tokens(name, prompt, request.start) for name, prompt in labeled]
    encoder = decoder.encoder
    sources = [{} if encoder is None else encoder.read(name, prompt) for name, prompt in labeled]
    limits = [decoder.limit(request.max_new_tokens, len(begin)) for begin in begins]
    longest = max(len(begin) + limit for begin, limit in zip(begins, limits, strict=True))
    width = request.beams.num_beams
    decoder.check_memory(total=longest - 1, batch=len(labeled) * width)  # the last token is never fed
    tasks = [
        Task(begin, {} if encoder is None else encoder.run(source), request.search(begin, limit, row))
        for row, (begin, source, limit) in enumerate(zip(begins, sources, limits, strict=True))
    ]
    run_all(decoder, tasks, width=width)
    return [task.search.hypotheses for task in tasks]


def _label_prompts(
    decoder: Decoder, prompts: Iterable[Prompt] | Mapping[str, object]
) -> list[tuple[str, Prompt]]:
    """Return the prompts one by one, each with what messages call it."""
    if isinstance(prompts, Mapping):
        if decoder.encoder is None:
            raise decoder.no_sources("prompts")
        rows: list[Prompt] = [*decoder.encoder.rows("prompts", prompts)]
    else:
        try:
            rows = list(prompts)
        except TypeError as error:
            raise InputError(
                f"prompts: {type(prompts).__name__} found, a list of prompts expected"
            ) from error
    if not rows:
        raise InputError("prompts: none found, at least 1 expected")
    return [(f"prompts[{i}]", row) for i, row in enumerate(rows)]
