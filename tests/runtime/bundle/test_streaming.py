"""The manifest's ``streaming``: read strictly, and held against the graphs that it names."""

from __future__ import annotations

import json

import pytest
from broken_manifest import Change, changed, manifest_of, put, refused_by_reader_alone, refused_by_schema_too

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.limits import STEP

TEXT = manifest_of("steps")


def _streaming(*keys: str | int, to: object) -> Change:
    return put("streaming", *keys, to=to)


def _whole(key: str, to: object) -> Change:
    return put("graphs", "model", "inputs", 0, key, to=to)


def _step(end: str, i: int, key: str, to: object) -> Change:
    return put("graphs", "step", end, i, key, to=to)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("streaming: 1 found", put("streaming", to=1)),
        ("streaming.steps: unknown key", _streaming("steps", to="step")),
        ("streaming.axis: 0 found", _streaming("axis", to=0)),
        ("streaming.hop: 0 found", _streaming("hop", to=0)),
        ("streaming.outputs: []", _streaming("outputs", to=[])),
        ('streaming.outputs: ["mean", "mean"]', _streaming("outputs", to=["mean", "mean"])),
        ("streaming.states: []", _streaming("states", to=[])),
        ("streaming.states[0].present: missing", _streaming("states", 0, to={"past": "past_sum"})),
        ("streaming.step: missing", lambda manifest: manifest["streaming"].pop("step")),
    ],
)
def test_what_the_schema_states_too(message: str, change: Change) -> None:
    refused_by_schema_too(changed(TEXT, change), message)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("streaming.step: 'steps' found, a graph beside 'model' expected", _streaming("step", to="steps")),
        ("streaming.step: 'model' found, a graph beside 'model' expected", _streaming("step", to="model")),
        ("streaming.step: a graph that takes x, ", _streaming("states", 0, "past", to="past")),
        ("streaming.step: a graph that takes x, ", _streaming("states", 0, "past", to="past_tail")),
        ("streaming.hop: 3 found on axis 1", _streaming("hop", to=3)),
        ("streaming.hop: 2 found on axis 3", _streaming("axis", to=3)),
        ("streaming.input: x: float64[batch, 2, 3] found", _step("inputs", 0, "dtype", "float64")),
        ("streaming.input: x: float32[2, 2, 3] found", _step("inputs", 0, "dims", [2, 2, 3])),
        ("streaming.input: x: float32[batch, 2, time] ", _step("inputs", 0, "dims", ["batch", 2, "time"])),
        ("streaming.input: x: float32[batch, 2, 3] and x: ", _whole("dims", ["batch", "time", 4])),
        ("streaming.axis: 1 found, a symbol's axis", _whole("dims", ["batch", 2, 3])),
        ("streaming.axis: 1 found, a symbol's axis", _whole("dims", ["batch"])),
        ("streaming.input: x: float32[batch, 2, 3] and x: ", _whole("dims", [2, "time", 3])),
        ("streaming.axis: 1 found, a symbol's axis", _whole("dtype", "float16")),
        ("streaming.input: x: float32[batch, 2, 3] found", put("symbols", "batch", "min", to=2)),
        (
            "streaming.axis: 1 found, the last of x",
            put("processing", to={"audio": {"input": "x", "rate": 8000, "channels": 3}}),
        ),
        ("streaming.input: no 'x' found among y", _whole("name", "y")),
        ("streaming.states[0].present: no 'total' found", _streaming("states", 0, "present", to="total")),
        ("streaming.states[0]: past_sum: ", _step("outputs", 3, "dims", ["batch", 2, 3])),
        ("streaming.states[1]: past_count: ", _step("outputs", 4, "dtype", "int32")),
        ("streaming.states[1].past: past_count: int32[1] found", _step("inputs", 2, "dtype", "int32")),
        ("streaming.states: 'mean' stands twice", _streaming("states", 2, "present", to="mean")),
        ("streaming.outputs: no 'gain' found among mean", _streaming("outputs", to=["gain"])),
        (
            "streaming.outputs: mean: float32[batch, time, 3]",
            _step("outputs", 0, "dims", ["batch", "time", 3]),
        ),
        ("streaming.outputs: mean: float64[batch, 2, 3]", _step("outputs", 0, "dtype", "float64")),
        ("streaming.outputs: mean: float32[batch, 2] found", _step("outputs", 0, "dims", ["batch", 2])),
        ("streaming: 2,147,483,", _step("outputs", 0, "dims", ["batch", 2**29, 1])),
    ],
)
def test_what_ties_one_key_to_another(message: str, change: Change) -> None:
    refused_by_reader_alone(changed(TEXT, change), message)


@pytest.mark.parametrize("more", [0, 1])
def test_the_limit_is_on_all_that_a_step_takes_and_gives(more: int) -> None:
    others = 4 * 6 + 4 * 3 + 8 + 3 + 2 * 4 * 6 + 6  # bytes of x, sum, count, heard, mean, smooth and loud
    size = (STEP - others) // 4 + more  # numbers of the tail
    dims = ["batch", size, 1]
    manifest = changed(TEXT, _step("inputs", 3, "dims", dims), _step("outputs", 5, "dims", dims))
    if more:
        refused_by_reader_alone(manifest, "streaming: 134,217,7")
    else:
        Manifest.from_json(json.dumps(manifest))
