"""Generation of many prompts at once, and with beams: whole sequences with their scores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Literal

import numpy as np

from edgeattn_runtime.decoding.beam_search import Beams, BeamSearch
from edgeattn_runtime.decoding.decoder import Decoder
from edgeattn_runtime.decoding.lockstep import Task, run_all
from edgeattn_runtime.decoding.sampling import Sampling
from edgeattn_runtime.decoding.search import Hypothesis, Search, SingleSearch
from edgeattn_runtime.decoding.stops import Stops
from edgeattn_runtime.errors import InputError
from edgeattn_runtime.model import Model
from edgeattn_runtime.prompt import Prompt, Tokens, read_count, read_tokens


def generate_many(
    bundle: str | os.PathLike[str] | Model,
    prompts: Iterable[Prompt] | Mapping[str, object],
    *,
    start: Iterable[int] = (),
    max_new_tokens: int | None = None,
    num_beams: int = 1,
    num_return_sequences: int = 1,
    length_penalty: float = 1.0,
    early_stopping: bool | Literal["never"] = False,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    repetition_penalty: float = 1.0,
    stop: Iterable[int] = (),
    stop_sequences: Iterable[Iterable[int]] = (),
    seed: int | None = None,
) -> list[list[Hypothesis]]:
    """Continue many prompts at once, of any lengths, each as it would be alone; with beams where asked for.

    Every call of the decoder takes the next token of all of them, as far as its contract and what the encoder
    gave let them share one. int8 graphs scale the activations of a call together, so that there a close
    choice may turn by what else is in the call; float graphs answer the same.

    Args:
        bundle: The folder, or the loaded model.
        prompts: One or more, each as ``generate`` takes it; or, of an encoder-decoder, one array per source
            with all of them in its batch, padded as the encoder expects it.
        start: Token ids that begin each answer of an encoder-decoder; none for a decoder alone.
        max_new_tokens: The most for each prompt, at least 1; None is as many as there are positions.
        num_beams: 1 to 8 sequences that are continued together for each prompt, the likeliest; 1 is greedy,
            or drawn.
        num_return_sequences: The most to return for each prompt, at most ``num_beams``.
        length_penalty: The power of the length in a score: above 0 favors long sequences, below 0 short ones.
        early_stopping: True ends a prompt's beams when there are ``num_beams`` ended sequences; False when,
            besides, none could score better at its length now; "never" when none could at any length.
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
    beams = Beams(
        num_beams=num_beams,
        num_return_sequences=num_return_sequences,
        length_penalty=length_penalty,
        early_stopping=early_stopping,
    )
    sampling = Sampling(
        repetition_penalty=repetition_penalty, temperature=temperature, top_k=top_k, top_p=top_p
    )
    if beams.num_beams > 1 and sampling.temperature > 0:
        raise InputError(
            f"temperature: {temperature} found with {num_beams} beams, which draw nothing; "
            "0 expected, or num_beams=1"
        )
    decoder.check_rows(num_beams)
    stops = Stops.read(stop, stop_sequences, decoder.vocabulary)
    seeds = count(0 if seed is None else read_count("seed", seed, least=0))
    start = read_tokens("start", start, vocabulary=decoder.vocabulary, least=0)
    labeled = _label_prompts(decoder, prompts)
    begins = [decoder.first_tokens(name, prompt, start) for name, prompt in labeled]
    encoder = decoder.encoder
    sources = [{} if encoder is None else encoder.read(name, prompt) for name, prompt in labeled]
    limits = [decoder.limit(max_new_tokens, len(begin)) for begin in begins]
    longest = max(len(begin) + limit for begin, limit in zip(begins, limits, strict=True))
    decoder.check_memory(total=longest - 1, batch=len(labeled) * num_beams)  # the last token is never fed

    def search(begin: Tokens, limit: int, row_seed: int) -> Search:
        if beams.num_beams > 1:
            return BeamSearch(begin, limit, stops, beams, repetition_penalty=repetition_penalty)
        random = np.random.default_rng(None if seed is None else row_seed)
        return SingleSearch(begin, limit, stops, sampling, random, length_penalty=length_penalty)

    tasks = [
        Task(begin, {} if encoder is None else encoder.run(source), search(begin, limit, row_seed))
        for begin, source, limit, row_seed in zip(begins, sources, limits, seeds, strict=False)
    ]
    run_all(decoder, tasks, width=num_beams)
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
