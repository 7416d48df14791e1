from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from broken_manifest import ROOM, SCHEMA
from example_manifest import MANIFEST, TEXT

from edgeattn_runtime.bundle.engine_options import ENGINES, OPTIONS, options_of
from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.bundle.variant import Engine
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field


def test_a_text_is_utf8_in_two_spaces_with_its_files_sorted() -> None:
    assert TEXT.startswith('{\n  "schema": 2,\n  "name": "tïny",\n  "graphs": {\n    "model": {')
    assert TEXT.endswith('\n    "opset": 23\n  }\n}\n')
    assert list(json.loads(TEXT)["files"]) == ["g/v.safetensors", "m.onnx"]
    assert json.loads(TEXT)["budget"] == {"cosine": 0.99, "size_mb": 25}


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


RUNTIME = Path(__file__).parents[3] / "runtime"


def test_every_reader_has_the_same_list() -> None:
    schema = json.loads((RUNTIME / "manifest.schema.json").read_text("utf-8"))["$defs"]
    assert tuple(schema["options"]["propertyNames"]["enum"]) == OPTIONS
    assert tuple(schema["engine"]["if"]["properties"]["name"]["enum"]) == ENGINES
    core = (RUNTIME / "cpp" / "src" / "options.hpp").read_text("utf-8")
    assert tuple(re.findall(r'^    "(.+)",$', core, re.MULTILINE)) == OPTIONS
    assert tuple(re.findall(r'engine == "(.+?)"', core)) == ENGINES
    page = (RUNTIME / "README.md").read_text("utf-8").partition("### options")[2].partition("\n#")[0]
    assert tuple(re.findall(r"^\| `(.+?)` \|", page, re.MULTILINE)) == OPTIONS


@pytest.mark.parametrize("value", [4, 0.5, True, "htp", "FP32", "CPUAndNeuralEngine", "a_1"])
def test_an_option_is_a_number_a_boolean_or_a_word(value: object) -> None:
    assert options_of(Field("options", {OPTIONS[-1]: value})) == {OPTIONS[-1]: value}


def test_options_of_an_engine_that_no_reader_drives_are_its_own() -> None:
    table = {"name": "unheard-of", "version": "1", "providers": ["any"], "options": {"path": "a/b"}}
    assert Engine.from_field(Field("engine", table)).options == {"path": "a/b"}
    with pytest.raises(BundleError, match="unknown option"):
        Engine.from_field(Field("engine", {**table, "name": "onnxruntime-web"}))
