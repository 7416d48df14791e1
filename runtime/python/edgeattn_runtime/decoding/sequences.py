"""Generation of many prompts at once, and with beams: whole sequences with their scores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Literal

import numpy as np

from edgeattn_runtime.bundle.generation_defaults import either, taken
from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.lockstep import Task, run_all
from edgeattn_runtime.decoding.prompt import Prompt, Tokens, read_count, read_tokens
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Hypothesis, Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model


def generate_many(
    bundle: str | os.PathLike[str] | Model,
    prompts: Iterable[Prompt] | Mapping[str, object],
    *,
    start: Iterable[int] | None = None,
    max_new_tokens: int | None = None,
    num_beams: int | None = None,
    num_return_sequences: int = 1,
    length_penalty: float | None = None,
    early_stopping: bool | Literal["never"] | None = None,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float | None = None,
    stop: Iterable[int] | None = None,
    stop_sequences: Iterable[Iterable[int]] = (),
    seed: int | None = None,
) -> list[list[Hypothesis]]:
    """Continue many prompts at once, of any lengths, each as it would be alone; with beams where asked for.

    Every call of the decoder takes the next token of all of them, as far as its contract and what the encoder
    gave let them share one. int8 graphs scale the activations of a call together, so that there a close
    choice may turn by what else is in the call; float graphs answer the same.

    A setting that is None is that of the bundle's ``generation.defaults``, as in ``generate``. Beams draw
    nothing: the bundle's do not hold where a caller draws, nor its temperature where a caller asks for beams.

    Args:
        bundle: The folder, or the loaded model.
        prompts: One or more, each as ``generate`` takes it; or, of an encoder-decoder, one array per source
            with all of them in its batch, padded as the encoder expects it.
        start: Token ids that begin each answer of an encoder-decoder; none for a decoder alone.
        max_new_tokens: The most for each prompt, at least 1 (as many as there are positions).
        num_beams: 1 to 8 sequences that are continued together for each prompt, the likeliest; 1 is greedy,
            or drawn (1).
        num_return_sequences: The most to return for each prompt, at most ``num_beams``.
        length_penalty: The power of the length in a score: above 0 favors long sequences, below 0 short ones
            (1).
        early_stopping: True ends a prompt's beams when there are ``num_beams`` ended sequences; False when,
            besides, none could score better at its length now; "never" when none could at any length (False).
        temperature: As in ``generate``; 0 with beams.
        top_k: As in ``generate``.
        top_p: As in ``generate``.
        repetition_penalty: As in ``generate``.
        stop: As in ``generate``.
        stop_sequences: As in ``generate``.
        seed: Prompt i, from 0, draws what ``generate`` draws with ``seed + i``; None draws anew.

    Returns:
        For each prompt its sequences, the best first.

    Raises:
        InputError: There is no prompt, or as ``generate`` does; its message names the prompt.
        BundleError: The bundle is not whole, or a graph fails on inputs that its contract allows.
        IncompatibleRuntimeError: No variant runs with the engine and execution providers of this device.
    """
    decoder = Decoder(bundle)
    defaults = decoder.defaults.unless_drawn(temperature, num_beams)
    beams = Beams(
        num_beams=taken(num_beams, defaults.num_beams, 1),
        num_return_sequences=num_return_sequences,
        length_penalty=taken(length_penalty, defaults.length_penalty, 1.0),
        early_stopping=taken(early_stopping, defaults.early_stopping, False),
    )
    sampling = Sampling.over(
        defaults, repetition_penalty=repetition_penalty, temperature=temperature, top_k=top_k, top_p=top_p
    )
    if beams.num_beams > 1 and sampling.temperature > 0:
        raise InputError(
            f"temperature: {sampling.temperature} found with {beams.num_beams} beams, which draw nothing; "
            "0 expected, or num_beams=1"
        )
    decoder.check_rows(beams.num_beams)
    stops = Stops.read(taken(stop, defaults.stop, ()), stop_sequences, decoder.vocabulary)
    seeds = count(0 if seed is None else read_count("seed", seed, least=0))
    first = read_tokens("start", taken(start, defaults.start, ()), vocabulary=decoder.vocabulary, least=0)
    labeled = _label_prompts(decoder, prompts)
    begins = [decoder.first_tokens(name, prompt, first) for name, prompt in labeled]
    encoder = decoder.encoder
    sources = [{} if encoder is None else encoder.read(name, prompt) for name, prompt in labeled]
    most = either(max_new_tokens, defaults.max_new_tokens)
    limits = [decoder.limit(most, len(begin)) for begin in begins]
    longest = max(len(begin) + limit for begin, limit in zip(begins, limits, strict=True))
    decoder.check_memory(
        total=longest - 1, batch=len(labeled) * beams.num_beams
    )  # the last token is never fed

    def search(begin: Tokens, limit: int, row_seed: int) -> Search:
        if beams.num_beams > 1:
            return BeamSearch(begin, limit, stops, beams, repetition_penalty=sampling.repetition_penalty)
        random = np.random.default_rng(None if seed is None else row_seed)
        return SingleSearch(begin, limit, stops, sampling, random, length_penalty=beams.length_penalty)

    tasks = [
        Task(begin, {} if encoder is None else encoder.run(source), search(begin, limit, row_seed))
        for begin, source, limit, row_seed in zip(begins, sources, limits, seeds, strict=False)
    ]
    run_all(decoder, tasks, width=beams.num_beams)
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
