from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from broken_manifest import ROOM, SCHEMA
from example_manifest import MANIFEST, TEXT

from edgeattn_runtime.bundle.manifest import Manifest


def test_writes_exactly_these_bytes() -> None:
    assert MANIFEST.to_json() == TEXT


def test_reads_what_it_wrote() -> None:
    assert Manifest.from_json(TEXT) == MANIFEST


WHOLE = [path for path in sorted((ROOM / "conformance" / "build").glob("*.edge")) if "-" not in path.stem]


@pytest.mark.parametrize(
    "bundle", [*WHOLE, ROOM / "conformance" / "build" / "encoder-decoder.edge"], ids=lambda p: p.stem
)
def test_round_trip_keeps_every_byte(bundle: Path) -> None:
    text = (bundle / "manifest.json").read_bytes().decode("utf-8")
    assert Manifest.from_json(text).to_json() == text
    SCHEMA.validate(json.loads(text))


def test_schema_is_a_schema_and_accepts_the_manifest() -> None:
    SCHEMA.check_schema(SCHEMA.schema)
    SCHEMA.validate(json.loads(TEXT))


def test_the_specification_shows_a_manifest() -> None:
    (example,) = re.findall(
        r"^```json\n(.+?)^```", (ROOM / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    whole = re.sub(r"([0-9a-f]{4})…", lambda cut: cut[1] * 16, example)
    SCHEMA.validate(json.loads(whole))
    assert Manifest.from_json(whole).name == "sentence"


def test_a_single_graph_is_the_main_one() -> None:
    assert MANIFEST.main_graph == "model"
    assert replace(MANIFEST, graphs={"encoder": MANIFEST.graphs["model"]}).main_graph == "encoder"


def test_a_tensor_reads_as_its_contract() -> None:
    assert str(MANIFEST.graphs["model"].inputs[0]) == "x: float32[batch, 2]"
