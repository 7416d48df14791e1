"""Cases of bundles that generate: calls, greedy runs, and sessions, whose turns are answered like runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice

import captioner
import decoder
import generating
import numpy as np
import prompts
import tiny
from case import REFUSED, Case, Entry, accepted, answered, refused, tensors
from graphs import Array

_IDS = np.array([[1, 2, 3]])
_WHOLE, _STEP = np.array([[4, 7, 1]]), np.array([[5, 9]])
_TURNS = ([4, 7, 1], [2, 9], [5])  # what is said in a chat, between what is generated
_PARTING = ([4, 7, 1, 2, 2], [4, 7, 9], [4, 7], [4, 7], [1], [1, 4, 7, 1, 2, 2])  # or repeating what was said


def cases() -> Iterator[Case]:
    """Yield the cases, but of those with defaults."""
    yield accepted(
        "decoder",
        "generates",
        generating.decoder_alone(),
        calls=_decoder_calls(),
        generate=_runs(),
        generate_many=prompts.continued(),
        session=_sessions(),
    )
    yield accepted(
        "int8-cache",
        "generates with keys and values in int8, and their scales, as its cache",
        generating.decoder_alone(int8=True),
        calls=_int8_cache_calls(),
        generate=_runs(int8=True),
        generate_many=prompts.of_int8_cache(),
        session=[_session(_chat(int8=True))],
    )
    yield accepted(
        "sources",
        "generates from features and their mask",
        generating.feature_encoder(),
        calls=_encoder_calls(),
        generate=_captioned(),
        generate_many=prompts.captioned(),
    )
    yield accepted(
        "encoder-decoder",
        "generates from a source; graphs of the exporter, tokens of PyTorch",
        generating.encoder_decoder(),
        calls=[refused(target=np.array([[1]])), _encoder(refused(source=_IDS, target=_IDS))],
        generate=_translated(),
        session=[{"turns": [], **REFUSED, "needs": "session"}],  # its cache is of one source
    )


def _decoder_calls() -> list[Entry]:
    """Return calls of the decoder: without a cache, with one, and with one that has no room."""
    cache, length = _cache(5), {"past_length": np.array([3])}
    whole = {"tokens": _WHOLE, "past_length": np.array([0]), **_cache(3)}
    step = {"tokens": _STEP, **length, **cache}
    changes: tuple[dict[str, Array], ...] = (
        {"tokens": np.array([[5, -tiny.WORDS]])},
        {"past_length": np.array([4])},
        {"past_length": np.array([-1])},
        {"past_length": np.array([3, 3])},
    )
    return [
        answered({"tokens": _WHOLE}, decoder.answer(whole)),
        answered(step, decoder.answer(step)),
        refused(tokens=np.array([[4, -1, 1]])),
        *(refused(**{**step, **change}) for change in changes),
        refused(tokens=_STEP, **cache),
        refused(tokens=_STEP, **length),
        refused(**{**step, "past_value_0": cache["past_value_0"][:, :, :4]}),
        refused(**{**step, **_cache(tiny.LONGEST + 1)}),
    ]


def _int8_cache_calls() -> list[Entry]:
    """Return calls of a decoder whose cache is in int8: without one, with one, and with broken ones."""
    step: dict[str, Array] = {"tokens": _STEP, "past_length": np.array([3])}
    for name, array in _cache(5).items():
        step |= decoder.stored(name, array, int8=True)
    return [
        answered({"tokens": _WHOLE}, decoder.answer({"tokens": _WHOLE, **decoder.empty(1, 3, int8=True)})),
        answered(step, decoder.answer(step)),
        refused(**{**step, "past_key_0": step["past_key_0"].astype(np.float32)}),
        refused(**{**step, "past_key_0_scale": step["past_key_0_scale"][:, :, :4]}),
        refused(**{name: array for name, array in step.items() if name != "past_value_0_scale"}),
    ]


def _encoder_calls() -> list[Entry]:
    """Return calls of an encoder of features and their mask, and of its decoder without what it gives."""
    whole = captioner.sources(2, 5, seed=7)
    return [
        _encoder(answered(whole, captioner.encode(**whole))),
        _encoder(refused(features=whole["features"])),
        _encoder(refused(**{**whole, "mask": whole["mask"].astype(np.int64)})),
        refused(tokens=_IDS),
    ]


def _encoder(call: Entry) -> Entry:
    return {"graph": "encoder", **call}


def _cache(capacity: int) -> dict[str, Array]:
    random, shape = np.random.default_rng(capacity), (1, 1, capacity, decoder.SIZE)
    return {f"past_{part}_0": random.integers(-9, 10, shape).astype(np.float32) / 8 for part in decoder.PARTS}


def _runs(*, int8: bool = False) -> list[Entry]:
    """Return greedy runs of the decoder, and prompts that it has to refuse."""
    runs = (([4, 7, 1], None), ([2], 5), ([1] * tiny.LONGEST, None))
    return [*(_run(prompt, most, int8=int8) for prompt, most in runs), *_refused_runs()]


def _run(prompt: list[int], most: int | None, *, int8: bool = False) -> Entry:
    tokens = islice(decoder.greedy(prompt, int8=int8), most)
    return {"prompt": prompt, "max_new_tokens": most, "tokens": list(tokens)}


def _refused_runs() -> list[Entry]:
    broken: tuple[list[int], ...] = ([], [tiny.WORDS], [1] * (tiny.LONGEST + 1))
    return [{"prompt": prompt, "max_new_tokens": 1, **REFUSED} for prompt in broken]


def _captioned() -> list[Entry]:
    """Return greedy runs from sources that are no tokens, and sources and starts to be refused."""
    answers = []
    for start, frames in (([3], 4), ([9, 2], 1), ([5], 7)):
        whole = captioner.sources(1, frames, seed=frames)
        tokens = list(decoder.greedy(start, **captioner.encode(**whole)))
        answers.append({"sources": tensors(whole), "start": start, "max_new_tokens": None, "tokens": tokens})
    pair, one = captioner.sources(2, 3, seed=1), captioner.sources(1, 3, seed=2)
    broken: tuple[dict[str, Array], ...] = (
        pair,
        {"features": one["features"]},
        {**one, "tokens": _IDS},
        {**one, "features": one["features"][..., 1:]},
    )
    given: list[Entry] = [{"prompt": [1, 2]}, *({"sources": tensors(each)} for each in broken)]
    return [*answers, *({**each, "start": [1], "max_new_tokens": 1, **REFUSED} for each in given)]


def _translated() -> list[Entry]:
    """Return the greedy runs that PyTorch was recorded with, and a start that is none."""
    runs = json.loads((generating.RECORDED / "tokens.json").read_text(encoding="utf-8"))
    answers = [
        {"prompt": run["prompt"], "start": run["start"], "max_new_tokens": None, "tokens": run["tokens"]}
        for run in runs
    ]
    return [*answers, {"prompt": [1], "start": [], "max_new_tokens": 1, **REFUSED}]


def _sessions() -> list[Entry]:
    """Return a chat, prompts that part from what came before or repeat it, and turns to be refused."""
    return [
        _session(_chat()),
        _session([_run(prompt, 6) for prompt in _PARTING]),
        _session([_run([4, 7, 1], None)] * 2),
        _session([_run([4, 7, 1], 4), *_refused_runs(), _run([4, 7, 1, 8, 3, 9], 4)]),
    ]


def _session(turns: Sequence[Entry]) -> Entry:
    return {"turns": [*turns], "needs": "session"}


def _chat(*, int8: bool = False) -> list[Entry]:
    turns, text = list[Entry](), list[int]()
    for words in _TURNS:
        turns.append(_run([*text, *words], 3, int8=int8))
        text = [*turns[-1]["prompt"], *turns[-1]["tokens"]]
    return turns
