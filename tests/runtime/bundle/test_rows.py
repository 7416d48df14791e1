from __future__ import annotations

import json

import pytest
from broken_manifest import (
    SCHEMA,
    Change,
    changed,
    manifest_of,
    put,
    refused_by_reader_alone,
    refused_by_schema_too,
)

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.bundle.rows import Rows, Stack, rows_per_call

TEXT = manifest_of("tuned")


def test_each_section_stands_alone() -> None:
    table = json.loads(TEXT)
    del table["variants"][0]["session"]
    manifest = Manifest.from_json(json.dumps(table))
    assert manifest.variants[0].session is None
    assert "session" not in json.loads(manifest.to_json())["variants"][0]
    del table["rows"]
    for variant in table["variants"]:
        variant["stacks"] = []
    manifest = Manifest.from_json(json.dumps(table))
    assert manifest.rows is None
    assert "rows" not in json.loads(manifest.to_json())


def test_rows_need_no_padding() -> None:
    manifest = Manifest.from_json(json.dumps(changed(TEXT, put("rows", "padding", to=None))))
    assert manifest.rows == Rows("batch", None)
    SCHEMA.validate(json.loads(manifest.to_json()))


def test_the_smallest_entry_that_holds_a_row_counts() -> None:
    stacks = (Stack({"a": 2, "b": 2}, 8), Stack({"a": 4, "b": 9}, 4))
    counts = [rows_per_call(stacks, {"a": a, "b": b}) for a, b in ((1, 2), (2, 3), (4, 9), (5, 1), (1, 10))]
    assert counts == [8, 4, 4, 1, 1]


_V = ("variants", 0)

# Each breaks a rule that the JSON schema states too.
BROKEN: dict[str, Change] = {
    "variants[0].session: ": put(*_V, "session", to=[]),
    "variants[0].session.threads: 0": put(*_V, "session", "threads", to=0),
    "variants[0].session.threads: 1.5": put(*_V, "session", "threads", to=1.5),
    "variants[0].session.spinning: 1": put(*_V, "session", "spinning", to=1),
    "variants[0].session.arena: ": lambda m: m["variants"][0]["session"].pop("arena"),
    "variants[0].session.memory_pattern: ": put(*_V, "session", "memory_pattern", to=None),
    "variants[0].session.denormals: ": put(*_V, "session", "denormals", to=True),
    "variants[0].stacks[0].rows: 0": put(*_V, "stacks", 0, "rows", to=0),
    "variants[0].stacks[0].sizes.sequence: 0": put(*_V, "stacks", 0, "sizes", "sequence", to=0),
    "variants[0].stacks[0].ms: ": put(*_V, "stacks", 0, "ms", to=1),
    "rows.batch: 0": put("rows", "batch", to=0),
    "rows.padding: ": lambda m: m["rows"].pop("padding"),
    "rows.padding.masked_out: 2": put("rows", "padding", "masked_out", to=2),
    "rows.padding.masked_out: true": put("rows", "padding", "masked_out", to=True),
    "rows.padding.value: ": put("rows", "padding", "value", to=0),
    "rows.stacks: ": put("rows", "stacks", to=[]),
}

# What ties rows to the main graph is beyond the schema.
UNTIED: dict[str, Change] = {
    "rows.batch: tokens: int64[batch, sequence]": put("rows", "batch", to="sequence"),
    "rows.batch: embedding: float32[8]": put("graphs", "model", "outputs", 0, "dims", to=[8]),
    "rows.batch: embedding: float32[batch, batch]": put(
        "graphs", "model", "outputs", 0, "dims", to=["batch", "batch"]
    ),
    "rows.batch: 'time'": lambda m: (
        put("rows", "batch", to="time")(m),
        put("graphs", "model", to={"inputs": [], "outputs": []})(m),
    ),
    "rows: an output with a dim 'other'": lambda m: (
        m["symbols"].update(other={"min": 1, "max": None}),
        put("graphs", "model", "outputs", 0, "dims", to=["batch", "other"])(m),
    ),
    "symbols.batch.min: 2": put("symbols", "batch", "min", to=2),
    "rows.padding.mask: 'padding'": put("rows", "padding", "mask", to="padding"),
    "rows.padding.mask: mask: float32[batch, 8]": put(
        "graphs", "model", "inputs", 1, "dims", to=["batch", 8]
    ),
    "variants[0].stacks[0].sizes: none": put(*_V, "stacks", 0, "sizes", to={}),
    "variants[0].stacks[0].rows: 3": put("symbols", "batch", "max", to=2),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_section_is_refused_by_reader_and_schema(message: str) -> None:
    refused_by_schema_too(changed(TEXT, BROKEN[message]), message)


@pytest.mark.parametrize("message", UNTIED)
def test_a_section_that_the_graph_cannot_keep_is_refused(message: str) -> None:
    refused_by_reader_alone(changed(TEXT, UNTIED[message]), message)
