from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgeattn_runtime import BundleError
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.rows import Padding, Rows, Stack
from edgeattn_runtime.settings import SessionSettings

ROOM = Path(__file__).parents[2] / "runtime"
SCHEMA = json.loads((ROOM / "manifest.schema.json").read_text("utf-8"))
TEXT = (ROOM / "conformance" / "tuned.edge" / "manifest.json").read_text("utf-8")


def test_the_manifest_gives_back_what_was_measured() -> None:
    manifest = Manifest.from_json(TEXT)
    assert manifest.session == SessionSettings(threads=2, spinning=False, arena=False, memory_pattern=True)
    assert manifest.rows == Rows("batch", Padding("mask", 0), (Stack({"sequence": 4}, 3),))
    assert manifest.to_json() == TEXT
    jsonschema.validate(json.loads(TEXT), SCHEMA)


def test_each_section_stands_alone() -> None:
    for section in ("session", "rows"):
        table = json.loads(TEXT)
        del table[section]
        manifest = Manifest.from_json(json.dumps(table))
        assert getattr(manifest, section) is None
        assert section not in json.loads(manifest.to_json())


def test_rows_need_no_padding() -> None:
    table = json.loads(TEXT)
    table["rows"]["padding"] = None
    table["rows"]["stacks"] = []
    manifest = Manifest.from_json(json.dumps(table))
    assert manifest.rows == Rows("batch", None)
    jsonschema.validate(json.loads(manifest.to_json()), SCHEMA)


def test_the_smallest_entry_that_holds_a_row_counts() -> None:
    rows = Rows("batch", None, (Stack({"a": 2, "b": 2}, 8), Stack({"a": 4, "b": 9}, 4)))
    together = [rows.together({"a": a, "b": b}) for a, b in ((1, 2), (2, 3), (4, 9), (5, 1), (1, 10))]
    assert together == [8, 4, 4, 1, 1]


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = to

    return change


# Each breaks a rule that the JSON schema states too.
BROKEN: dict[str, Callable[[Any], None]] = {
    "session: ": _set("session", to=[]),
    "session.threads: 0 found": _set("session", "threads", to=0),
    "session.threads: 1.5 found": _set("session", "threads", to=1.5),
    "session.spinning: 1 found, true or false": _set("session", "spinning", to=1),
    "session.arena: missing": lambda m: m["session"].pop("arena"),
    "session.memory_pattern: null found": _set("session", "memory_pattern", to=None),
    "session.denormals: unknown key": _set("session", "denormals", to=True),
    "rows.batch: 0 found": _set("rows", "batch", to=0),
    "rows.padding: missing": lambda m: m["rows"].pop("padding"),
    "rows.padding.hidden: 2 found, 0 or 1": _set("rows", "padding", "hidden", to=2),
    "rows.padding.hidden: true found": _set("rows", "padding", "hidden", to=True),
    "rows.padding.value: unknown key": _set("rows", "padding", "value", to=0),
    "rows.stacks: ": _set("rows", "stacks", to={}),
    "rows.stacks[0].rows: 0 found": _set("rows", "stacks", 0, "rows", to=0),
    "rows.stacks[0].sizes.sequence: 0": _set("rows", "stacks", 0, "sizes", "sequence", to=0),
    "rows.stacks[0].ms: unknown key": _set("rows", "stacks", 0, "ms", to=1),
}

# What ties rows to the main graph is beyond the schema.
UNTIED: dict[str, Callable[[Any], None]] = {
    "rows.batch: tokens: int64[batch, sequence] found, 'sequence'": _set("rows", "batch", to="sequence"),
    "rows.batch: embedding: float32[8] found, 'batch'": _set("graphs", "model", "outputs", 0, "dims", to=[8]),
    "rows.batch: embedding: float32[batch, batch]": _set(
        "graphs", "model", "outputs", 0, "dims", to=["batch", "batch"]
    ),
    "rows: an output with a dim 'other'": lambda m: (
        m["symbols"].update(other={"min": 1, "max": None}),
        _set("graphs", "model", "outputs", 0, "dims", to=["batch", "other"])(m),
    ),
    "symbols.batch.min: 2 found, 1 expected by rows": _set("symbols", "batch", "min", to=2),
    "rows.padding.mask: 'padding' found, one of tokens, mask": _set("rows", "padding", "mask", to="padding"),
    "rows.padding.mask: mask: float32[batch, 8] found": lambda m: _set(
        "graphs", "model", "inputs", 1, "dims", to=["batch", 8]
    )(m),
    "rows.stacks[0].sizes: none found, sequence expected": _set("rows", "stacks", 0, "sizes", to={}),
    "rows.stacks[0].rows: 3 found, at most 2": _set("symbols", "batch", "max", to=2),
}


@pytest.mark.parametrize("message", [*BROKEN, *UNTIED])
def test_a_broken_section_is_refused(message: str) -> None:
    manifest = json.loads(TEXT)
    (BROKEN | UNTIED)[message](manifest)
    with pytest.raises(BundleError, match="^" + re.escape(message)) as caught:
        Manifest.from_json(json.dumps(manifest))
    assert "\n" not in str(caught.value)
    if message in BROKEN:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(manifest, SCHEMA)
