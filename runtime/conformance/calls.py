"""Calls that every runtime must answer or refuse, as cases.json holds them."""

from __future__ import annotations

import json
from typing import Any

import captioner
import decoder
import numpy as np
import tiny
from bundles import NEAR
from case import REFUSED, Entry
from generating import RECORDED
from graphs import Array

_IDS = np.array([[1, 2, 3]])
_SHOWN = np.ones((1, 3), np.float32)


def answered(*shapes: tuple[int, int]) -> list[Entry]:
    """Return calls of the int8 network, (batch, sequence) each, and what it must come near."""
    return [_answered(sample.inputs, sample.outputs) for sample in tiny.samples(shapes)]


def looked_up() -> list[Entry]:
    """Return a call of the second graph."""
    vectors = tiny.weights()["table"][_IDS]
    return [{"graph": "lookup", **_answered({"tokens": _IDS}, {"vectors": vectors})}]


def refused() -> list[Entry]:
    """Return calls that break the contract of the int8 network, one rule each."""
    return [
        _refused(tokens=_IDS, mask=_SHOWN, extra=_SHOWN),
        _refused(tokens=_IDS),
        _refused(tokens=_IDS.astype(np.int32), mask=_SHOWN),
        _refused(tokens=_IDS, mask=_SHOWN.astype(np.int64)),
        _refused(tokens=_IDS[0], mask=_SHOWN),
        _refused(tokens=_IDS, mask=np.ones((1, 4), np.float32)),
        _refused(tokens=_IDS, mask=np.array([[1, np.nan, 1]], np.float32)),
        _refused(tokens=np.zeros((1, 17), np.int64), mask=np.ones((1, 17), np.float32)),
        _refused(tokens=np.zeros((1, 0), np.int64), mask=np.ones((1, 0), np.float32)),
        _refused(tokens=_IDS + 99, mask=_SHOWN),
    ]


def beyond_table() -> list[Entry]:
    """Return a call with an index that the engine alone finds to be beyond a table."""
    return [_refused(tokens=_IDS + 99, mask=_SHOWN)]


def indices() -> list[Entry]:
    """Return a call with the first and the last index of a table, and calls with others."""
    ends = {"tokens": np.array([[0, tiny.WORDS - 1, 0]]), "mask": _SHOWN}
    beyond = (-1, -tiny.WORDS, tiny.WORDS, 2**40)
    refusals = [_refused(tokens=np.array([[1, index, 3]]), mask=_SHOWN) for index in beyond]
    return [_answered(ends, tiny.answer(**ends)), *refusals]


def lengths() -> list[Entry]:
    """Return calls whose longest row fills the axis, the first or another, and calls whose does not."""
    whole = [*tiny.padded_samples([(1, 4), (3, 5)])]
    last = {"tokens": np.array([[1, 2, 3], [4, 5, 6]]), "lengths": np.array([2, 3])}
    mask = np.array([[1, 1, 0], [1, 1, 1]], np.float32)
    broken = ([2, 1], [4, 1], [2, 2**40], [-3, -1], [3, 4])
    refusals = [_refused(**{**last, "lengths": np.array(each)}) for each in broken]
    answers = [_answered(sample.inputs, sample.outputs) for sample in whole]
    return [*answers, _answered(last, tiny.answer(last["tokens"], mask)), *refusals]


def fixed_length() -> list[Entry]:
    """Return a call of the length that a graph is fixed to, and two of others."""
    refusals = [_refused(**sample.inputs) for sample in tiny.samples([(1, 3), (1, 5)])]
    return [*answered((2, 4)), *refusals]


def decoder_calls() -> list[Entry]:
    """Return calls of the decoder: without a cache, with one, and with one that has no room."""
    cache = _cache(5)
    whole = {"tokens": np.array([[4, 7, 1]]), "past_length": np.array([0]), **_cache(3)}
    step = {"tokens": np.array([[5, 9]]), "past_length": np.array([3]), **cache}
    return [
        _answered({"tokens": whole["tokens"]}, decoder.answer(whole)),
        _answered(step, decoder.answer(step)),
        _refused(tokens=np.array([[4, -1, 1]])),
        _refused(**{**step, "tokens": np.array([[5, -tiny.WORDS]])}),
        _refused(**{**step, "past_length": np.array([4])}),
        _refused(**{**step, "past_length": np.array([-1])}),
        _refused(**{**step, "past_length": np.array([3, 3])}),
        _refused(tokens=step["tokens"], **cache),
        _refused(tokens=step["tokens"], past_length=step["past_length"]),
        _refused(**{**step, "past_value_0": cache["past_value_0"][:, :, :4]}),
        _refused(**{**step, **_cache(tiny.LONGEST + 1)}),
    ]


def int8_cache_calls() -> list[Entry]:
    """Return calls of a decoder whose cache is in int8: without one, with one, and with broken ones."""
    cache: dict[str, Array] = {}
    for name, array in _cache(5).items():
        cache |= decoder.stored(name, array, int8=True)
    whole = {"tokens": np.array([[4, 7, 1]]), **decoder.empty(1, 3, int8=True)}
    step = {"tokens": np.array([[5, 9]]), "past_length": np.array([3]), **cache}
    return [
        _answered({"tokens": whole["tokens"]}, decoder.answer(whole)),
        _answered(step, decoder.answer(step)),
        _refused(**{**step, "past_key_0": cache["past_key_0"].astype(np.float32)}),
        _refused(**{**step, "past_key_0_scale": cache["past_key_0_scale"][:, :, :4]}),
        _refused(**{name: array for name, array in step.items() if name != "past_value_0_scale"}),
    ]


def encoder_decoder_calls() -> list[Entry]:
    """Return a call of the decoder that lacks what its encoder gives, and one of the encoder alone."""
    return [
        _refused(target=np.array([[1]])),
        {"graph": "encoder", **_refused(source=_IDS, target=_IDS)},
    ]


def encoder_calls() -> list[Entry]:
    """Return calls of an encoder of features and their mask, and of its decoder without what it gives."""
    whole = captioner.sources(2, 5, seed=7)
    return [
        {"graph": "encoder", **_answered(whole, captioner.encode(**whole))},
        {"graph": "encoder", **_refused(features=whole["features"])},
        {"graph": "encoder", **_refused(**{**whole, "mask": whole["mask"].astype(np.int64)})},
        _refused(tokens=_IDS),
    ]


def generated(*, int8: bool = False) -> list[Entry]:
    """Return greedy runs of the decoder, and prompts that it has to refuse."""
    runs = [([4, 7, 1], None), ([2], 5), ([1] * tiny.LONGEST, None)]
    answers = [
        {"prompt": prompt, "max_new_tokens": most, "tokens": list(decoder.greedy(prompt, int8=int8))[:most]}
        for prompt, most in runs
    ]
    prompts = ([], [tiny.WORDS], [1] * (tiny.LONGEST + 1))
    return [*answers, *({"prompt": p, "max_new_tokens": 1, **REFUSED} for p in prompts)]


def captioned() -> list[Entry]:
    """Return greedy runs from sources that are no tokens, and sources and starts to be refused."""
    answers = []
    for start, frames in (([3], 4), ([9, 2], 1), ([5], 7)):
        whole = captioner.sources(1, frames, seed=frames)
        tokens = list(decoder.greedy(start, **captioner.encode(**whole)))
        answers.append({"sources": tensors(whole), "start": start, "max_new_tokens": None, "tokens": tokens})
    pair, one = captioner.sources(2, 3, seed=1), captioner.sources(1, 3, seed=2)
    broken = (
        {"prompt": [1, 2]},
        {"sources": tensors(pair)},
        {"sources": tensors({"features": one["features"]})},
        {"sources": tensors({**one, "tokens": _IDS})},
        {"sources": tensors({**one, "features": one["features"][..., 1:]})},
    )
    return [
        *answers,
        *({**each, "start": [1], "max_new_tokens": 1, **REFUSED} for each in broken),
    ]


def translated() -> list[Entry]:
    """Return the greedy runs that PyTorch was recorded with, and a start that is none."""
    runs = json.loads((RECORDED / "tokens.json").read_text(encoding="utf-8"))
    answers = [
        {"prompt": run["prompt"], "start": run["start"], "max_new_tokens": None, "tokens": run["tokens"]}
        for run in runs
    ]
    return [*answers, {"prompt": [1], "start": [], "max_new_tokens": 1, **REFUSED}]


def of_text() -> list[Entry]:
    """Return a call of the token ids of a text, and two with ids that no tokenizer gives."""
    return [*answered((1, 4)), *(_refused(tokens=_IDS - lower, mask=_SHOWN) for lower in (2, 99))]


def labelled() -> list[Entry]:
    """Return outputs of processed.edge to be read by its labels, and some that are refused."""
    names = [f"axis {i}" for i in range(tiny.WIDTH)]
    rows = np.array([[0, 3, -1, 3, 0.5, -0.0, -7, 2], [1, 1, 1, 1, 1, 1, 1, 2]], np.float32)
    order = [[1, 3, 7, 4, 0, 5, 2, 6], [7, 0, 1, 2, 3, 4, 5, 6]]
    read = [[[names[i], float(row[i])] for i in places] for row, places in zip(rows, order, strict=True)]
    spoiled = np.where(rows == 2, np.float32("nan"), rows)
    broken = ({"embedding": spoiled}, {"logits": rows}, {"embedding": rows[:, :7]})
    return [
        {"outputs": tensors({"embedding": rows}), "labels": read},
        *({"outputs": tensors(each), **REFUSED} for each in broken),
    ]


def _answered(inputs: dict[str, Array], outputs: dict[str, Array]) -> Entry:
    return {"inputs": tensors(inputs), "outputs": tensors(decoder.kept(outputs)), "tolerance": NEAR}


def _refused(**inputs: Array) -> Entry:
    return {"inputs": tensors(inputs), **REFUSED}


def _cache(capacity: int) -> dict[str, Array]:
    random = np.random.default_rng(capacity)
    shape = (1, 1, capacity, decoder.SIZE)
    return {f"past_{part}_0": random.integers(-9, 10, shape).astype(np.float32) / 8 for part in decoder.PARTS}


def tensors(arrays: dict[str, Array]) -> dict[str, Any]:
    """Return arrays as cases.json holds them."""
    return {
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "data": _numbers(array)}
        for name, array in arrays.items()
    }


def _numbers(array: Array) -> list[Any]:
    """Return the array's numbers in C order, each as short as its dtype reads it back; a NaN is "NaN"."""
    if array.dtype.kind != "f":
        return list(array.ravel().tolist())
    return ["NaN" if np.isnan(number) else float(str(number)) for number in array.ravel()]
