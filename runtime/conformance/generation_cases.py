"""Cases of bundles that generate: calls, greedy runs, and sessions, whose turns are answered like runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import captioner
import decoder
import numpy as np
import prompts
import tiny
from bundles import CPU, GOLDEN_FILE, SYMBOLS, TABLE, described, golden_vectors, onnx, whole
from case import Case, Entry, Files, accepted, answered, refusals, tensors
from edits import changed
from graphs import Array

from edgeattn_runtime.bundle.generation import CacheEntry, Generation
from edgeattn_runtime.fields import parse
from edgeattn_runtime.graph import Graph, Symbol

_RECORDED = Path(__file__).parent / "recorded" / "encoder-decoder"  # by tests/runtime/record_translator.py

_CACHE = tuple(CacheEntry(f"past_{part}_0", f"present_{part}_0") for part in decoder.PARTS)
_GENERATION = Generation(
    kind="decoder",
    decoder="model",
    tokens="tokens",
    logits="logits",
    length="past_length",
    cache=_CACHE,
    positions=tiny.LONGEST,
)
_SYMBOLS = {**SYMBOLS, "capacity": Symbol(1, tiny.LONGEST)}
_BEHIND_ENCODER = (replace(CPU, files={"model": "decoder.onnx", "encoder": "encoder.onnx"}),)
_WHOLE, _STEP = np.array([[4, 7, 1]]), np.array([[5, 9]])
_TURNS = ([4, 7, 1], [2, 9], [5])  # what is said in a chat, between what is generated
_PARTING = ([4, 7, 1, 2, 2], [4, 7, 9], [4, 7], [4, 7], [1], [1, 4, 7, 1, 2, 2])  # or repeating what was said


def cases() -> Iterator[Case]:
    """Yield the cases, those with defaults last."""
    made = {"decoder": _decoder_alone(), "sources": _feature_encoder()}
    yield accepted(
        "decoder",
        "generates",
        made["decoder"],
        calls=_decoder_calls(),
        generate=_runs(),
        generate_many=prompts.continued(),
        session=_sessions(),
    )
    yield accepted(
        "int8-cache",
        "generates with keys and values in int8, and their scales, as its cache",
        _decoder_alone(int8=True),
        calls=_decoder_calls(int8=True),
        generate=_runs(int8=True),
        generate_many=prompts.of_int8_cache(),
        session=[_session(_chat(int8=True))],
    )
    sources = captioner.sources(2, 5, seed=7)
    yield accepted(
        "sources",
        "generates from features and their mask",
        made["sources"],
        calls=[{"graph": "encoder", **answered(sources, captioner.encode(**sources))}],
        generate=[_captioned(*each) for each in (([3], 4), ([9, 2], 1), ([5], 7))],
        generate_many=prompts.captioned(),
    )
    yield accepted(
        "encoder-decoder",
        "generates from a source; graphs of the exporter, tokens of PyTorch",
        _encoder_decoder(),
        generate=_translated(),
    )
    for row, ask in zip(TABLE["defaults"], (prompts.with_beams, prompts.drawn, prompts.started), strict=True):
        asks: dict[str, Any] = {**ask(row["set"]["generation defaults"])}
        yield accepted(row["bundle"], row["why"], changed(row, made), **asks)


def _decoder_calls(*, int8: bool = False) -> list[Entry]:
    """Return calls of the decoder: without a cache, and with one."""
    whole = {"tokens": _WHOLE, **decoder.empty(1, 3, int8=int8)}
    step: dict[str, Array] = {"tokens": _STEP, "past_length": np.array([3])}
    random, shape = np.random.default_rng(5), (1, 1, 5, decoder.SIZE)
    for part in decoder.PARTS:
        rows = random.integers(-9, 10, shape).astype(np.float32) / 8
        step |= decoder.stored(f"past_{part}_0", rows, int8=int8)
    return [answered({"tokens": _WHOLE}, decoder.answer(whole)), answered(step, decoder.answer(step))]


def _runs(*, int8: bool = False) -> list[Entry]:
    runs = (([4, 7, 1], None), ([2], 5), ([1] * tiny.LONGEST, None))
    return [_run(prompt, most, int8=int8) for prompt, most in runs]


def _run(prompt: list[int], most: int | None, *, int8: bool = False) -> Entry:
    """Return a greedy run."""
    tokens = islice(decoder.greedy(prompt, int8=int8), most)
    return {"prompt": prompt, "max_new_tokens": most, "tokens": list(tokens)}


def _captioned(start: list[int], frames: int) -> Entry:
    """Return a greedy run from sources that are no tokens."""
    sources = captioner.sources(1, frames, seed=frames)
    tokens = [*decoder.greedy(start, seen=captioner.encode(**sources)["seen"])]
    return {"sources": tensors(sources), "start": start, "max_new_tokens": None, "tokens": tokens}


def _translated() -> list[Entry]:
    """Return the greedy runs that PyTorch was recorded with."""
    runs = json.loads((_RECORDED / "tokens.json").read_text(encoding="utf-8"))
    return [
        {"prompt": run["prompt"], "start": run["start"], "max_new_tokens": None, "tokens": run["tokens"]}
        for run in runs
    ]


def _sessions() -> list[Entry]:
    """Return a chat, prompts that part from what came before or repeat it, and turns to be refused."""
    refused = [entry for key, entry in refusals("decoder") if key == "generate"]
    return [
        _session(_chat()),
        _session([_run(prompt, 6) for prompt in _PARTING]),
        _session([_run([4, 7, 1], None)] * 2),
        _session([_run([4, 7, 1], 4), *refused, _run([4, 7, 1, 8, 3, 9], 4)]),
    ]


def _session(turns: Sequence[Entry]) -> Entry:
    return {"turns": [*turns], "needs": "session"}


def _chat(*, int8: bool = False) -> list[Entry]:
    turns, text = list[Entry](), list[int]()
    for words in _TURNS:
        turns.append(_run([*text, *words], 3, int8=int8))
        text = [*turns[-1]["prompt"], *turns[-1]["tokens"]]
    return turns


def _decoder_alone(*, int8: bool = False) -> Files:
    """Return a decoder, its cache in int8 or in float32."""
    graph = decoder.contract(int8=int8)
    pasts, presents = (decoder.cache_tensors(kind, int8=int8) for kind in ("past", "present"))
    entries = tuple(
        CacheEntry(past.name, present.name) for past, present in zip(pasts, presents, strict=True)
    )
    return whole(
        decoder.graph(int8=int8),
        graph,
        decoder.samples(int8=int8),
        symbols=_SYMBOLS,
        generation=replace(_GENERATION, cache=entries),
    )


def _feature_encoder() -> Files:
    """Return the same decoder behind an encoder of two sources that are no tokens."""
    graph = decoder.contract(decoder.SEEN)
    files = {
        "decoder.onnx": onnx(decoder.graph(decoder.SEEN)),
        "encoder.onnx": onnx(captioner.encoder()),
        GOLDEN_FILE: golden_vectors(captioner.samples(), graph),
    }
    generation = replace(
        _GENERATION,
        kind="encoder-decoder",
        encoder="encoder",
        sources=tuple(tensor.name for tensor in captioner.SOURCES),
        carried=(decoder.SEEN.name,),
    )
    return described(
        files,
        graphs={"model": graph, "encoder": captioner.ENCODER},
        symbols={**_SYMBOLS, "frames": Symbol(1, None)},
        generation=generation,
        variants=_BEHIND_ENCODER,
    )


def _encoder_decoder() -> Files:
    """Return the graphs that the exporter wrote, and their manifest: names, order and dims are its own."""
    contract = parse((_RECORDED / "contract.json").read_text("utf-8")).table()
    graphs, symbols = (contract[key].table() for key in ("graphs", "symbols"))
    return described(
        {name: (_RECORDED / name).read_bytes() for name in ("decoder.onnx", "encoder.onnx", GOLDEN_FILE)},
        graphs={name: Graph.from_field(graph) for name, graph in graphs.items()},
        symbols={name: Symbol.from_field(symbol) for name, symbol in symbols.items()},
        generation=Generation.from_field(contract["generation"]),
        variants=_BEHIND_ENCODER,
    )
