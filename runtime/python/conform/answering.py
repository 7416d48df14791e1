"""What a model answers to each kind of entry in a case: calls, streams, tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tensors import ANSWERED, Arrays, Line, array, arrays, compared, worst

from edgeattn_runtime import (
    GenerationSession,
    InputError,
    Model,
    Prediction,
    StepStream,
    Stream,
    generate,
    generate_many,
)
from edgeattn_runtime.decoding.text import decoded

Entry = dict[str, Any]
Answer = Callable[[Model, Entry], Line]

_SCORES = 1e-4  # how near those of sequences are
_SHARES = 1e-9  # and those of predictions, and their boxes


def _call(model: Model, call: Entry) -> Line:
    outputs = model.graph(call.get("graph", model.manifest.main_graph))(**arrays(call["inputs"]))
    return compared(outputs, arrays(call.get("outputs", {})), call.get("tolerance", 0.0))


def _forecast(model: Model, entry: Entry) -> Line:
    forecast = model.forecast(arrays(entry["outputs"]))
    same = "forecast" in entry and np.array_equal(forecast, array(entry["forecast"]))
    return {"found": ANSWERED if same else "another forecast"}


def _run_many(model: Model, entry: Entry) -> Line:
    answers = model.run_many([arrays(sample) for sample in entry["samples"]])
    expected = [arrays(outputs) for outputs in entry.get("outputs", ())]
    return worst(answers, expected, entry.get("tolerance", 0.0))


def _stream(model: Model, entry: Entry) -> Line:
    """Push what comes; null stands for the moments of a push that is refused."""
    return _moments(Stream(model, hop=entry["hop"], window=entry["window"]), entry)


def _steps(model: Model, entry: Entry) -> Line:
    return _moments(StepStream(model), entry)


def _moments(stream: Stream | StepStream, entry: dict[str, Any]) -> Line:
    answers: list[Arrays] = []
    expected: list[Arrays] = []
    for values, moments in zip(entry["pushes"], entry.get("moments", ()), strict=True):
        if values == "reset":
            stream.reset()
            continue
        try:
            found = stream.push(array(values) if isinstance(values, dict) else np.array(values, np.float64))
        except InputError:
            if moments is not None:
                return {"found": "a push refused"}
            continue
        if moments is None or [end for end, _ in found] != [moment["end"] for moment in moments]:
            return {"found": f"moments at {[end for end, _ in found]}"}
        answers += [outputs for _, outputs in found]
        expected += [arrays(moment["outputs"]) for moment in moments]
    return worst(answers, expected, entry.get("tolerance", 0.0))


def _generate_many(model: Model, entry: Entry) -> Line:
    prompts = entry["prompts"] if "prompts" in entry else arrays(entry["sources"])
    found = generate_many(model, prompts, start=entry.get("start"), **entry["settings"])
    sequences = [[[list(each.tokens), each.score] for each in row] for row in found]
    expected = entry.get("sequences", [])
    same = [[tokens for tokens, _ in row] for row in sequences] == [[t for t, _ in row] for row in expected]
    scores = [[score for row in rows for _, score in row] for rows in (sequences, expected)]
    farthest = float(np.abs(np.subtract(*scores)).max(initial=0)) if same else np.inf
    return {"found": ANSWERED if farthest <= _SCORES else f"sequences {sequences}"}


def _session(model: Model, entry: Entry) -> Line:
    session = GenerationSession(model)
    for i, turn in enumerate(entry["turns"]):
        found: list[int] | None = None
        try:
            most = turn["max_new_tokens"]
            found = list(generate(model, turn["prompt"], max_new_tokens=most, session=session))
        except InputError:
            pass
        if found != turn.get("tokens"):
            return {"found": f"turn {i}: tokens {found}"}
    return {"found": ANSWERED}


def _decode(model: Model, entry: Entry) -> Line:
    text = model.decode(entry["tokens"])
    streamed = "".join(decoded(model, entry["tokens"]))
    return {"found": ANSWERED if text == streamed == entry.get("text") else f"texts {text!r}, {streamed!r}"}


def _generate(model: Model, run: Entry) -> Line:
    prompt = run["prompt"] if "prompt" in run else arrays(run["sources"])
    tokens = list(generate(model, prompt, start=run.get("start"), max_new_tokens=run["max_new_tokens"]))
    return {"found": ANSWERED if tokens == run.get("tokens") else f"tokens {tokens}"}


def _labels(model: Model, read: Entry) -> Line:
    labels = [[list(label) for label in row] for row in model.labels(arrays(read["outputs"]))]
    return {"found": ANSWERED if labels == read.get("labels") else f"labels {labels}"}


def _predictions(model: Model, read: Entry) -> Line:
    given: dict[str, Any] = {}
    if "texts" in read:
        given["text"] = read["texts"]
    if "pairs" in read:
        given["pair"] = read["pairs"]
    if "sizes" in read:
        given["size"] = [tuple(size) for size in read["sizes"]]
    rows = model.predictions(arrays(read["outputs"]), **given)
    found = [[_table(prediction) for prediction in row] for row in rows]
    return {"found": ANSWERED if _alike(found, read.get("predictions")) else f"predictions {found}"}


def _table(prediction: Prediction) -> dict[str, Any]:
    table = {name: value for name, value in prediction._asdict().items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in table.items()}


def _alike(found: Any, expected: Any) -> bool:
    """Say whether two values are the same, numbers within 1e-9."""
    if isinstance(found, float) and isinstance(expected, int | float):
        return abs(found - expected) <= _SHARES
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(_alike(found[key], expected[key]) for key in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(_alike, found, expected))
    return bool(found == expected)


ENTRIES: dict[str, Answer] = {
    "calls": _call,
    "generate": _generate,
    "labels": _labels,
    "decode": _decode,
    "generate_many": _generate_many,
    "session": _session,
    "forecast": _forecast,
    "run_many": _run_many,
    "stream": _stream,
    "steps": _steps,
    "predictions": _predictions,
}
