"""Bundles that are refused: encoders whose streaming their graphs do not keep."""

from __future__ import annotations

import steps
from breaking import changed
from case import Case, refused

_STEPS = steps.bundle("steps")


def _streaming(bundle: str, why: str, *keys: str | int, to: object) -> Case:
    return refused(bundle, why, changed("streaming", *keys, to=to, whole=_STEPS))


STREAMING = (
    _streaming("streaming-graph.edge", "a step by a graph that is not there", "step", to="steps"),
    _streaming("streaming-main.edge", "a step by the main graph", "step", to="model"),
    _streaming("streaming-input.edge", "a hop for a state", "input", to="past_sum"),
    _streaming("streaming-axis-batch.edge", "a time along the batch", "axis", to=0),
    _streaming("streaming-axis-beyond.edge", "a time along an axis that is not there", "axis", to=3),
    refused(
        "streaming-axis-size.edge",
        "a time along an axis of a size",
        changed("streaming", "axis", to=2, whole=changed("streaming", "hop", to=3, whole=_STEPS)),
    ),
    refused(
        "streaming-axis-sound.edge",
        "sounds whose time is not the last axis",
        changed("processing", to={"audio": {"input": "x", "rate": 8000, "channels": 3}}, whole=_STEPS),
    ),
    _streaming("streaming-hop-none.edge", "a hop of 0", "hop", to=0),
    _streaming("streaming-hop-unequal.edge", "a hop that is not the step's", "hop", to=3),
    _streaming("streaming-outputs-none.edge", "a step without an answer", "outputs", to=[]),
    _streaming("streaming-outputs-twice.edge", "an answer that stands twice", "outputs", to=["mean", "mean"]),
    refused(
        "streaming-outputs-unknown.edge",
        "an answer that no whole has",
        changed("graphs", "model", "outputs", 0, "name", to="average", whole=_STEPS),
    ),
    _streaming("streaming-states-none.edge", "a step without a state", "states", to=[]),
    _streaming("streaming-past-twice.edge", "two states for one input", "states", 0, "past", to="past_tail"),
    _streaming("streaming-past-unknown.edge", "a state for no input", "states", 0, "past", to="past"),
    _streaming("streaming-present-answer.edge", "an answer as a state", "states", 2, "present", to="mean"),
    refused(
        "streaming-present-twice.edge",
        "an output for two states",
        changed(
            *("streaming", "states", 0, "present"),
            to="tail",
            whole=steps.with_state("sum", "float32", "batch", 2, 3),
        ),
    ),
    refused(
        "streaming-state-sizes.edge",
        "a state that is longer behind a step",
        changed("graphs", "step", "outputs", 5, "dims", 1, to=3, whole=_STEPS),
    ),
    refused(
        "streaming-state-symbol.edge",
        "a state along the time",
        steps.with_state("tail", "float32", "batch", "time", 3),
    ),
    refused(
        "streaming-state-dtype.edge",
        "a state in float64",
        steps.with_state("tail", "float64", "batch", 2, 3),
    ),
    refused(
        "streaming-batch.edge",
        "a stream of two at least",
        changed("symbols", "batch", "min", to=2, whole=_STEPS),
    ),
)
