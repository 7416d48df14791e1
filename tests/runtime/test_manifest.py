from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.manifest import FileEntry, Golden, Graph, Manifest, Symbol, Tensor

ROOM = Path(__file__).parents[2] / "runtime"
SCHEMA = json.loads((ROOM / "manifest.schema.json").read_text("utf-8"))

MANIFEST = Manifest(
    name="tïny",
    target="cpu",
    graphs={"model": Graph("m.onnx", (Tensor("x", "float32", ("batch", 2)),), (Tensor("y", "bool", ()),))},
    symbols={"batch": Symbol(0, None)},
    files={"m.onnx": FileEntry("a" * 64, 7), "g/v.safetensors": FileEntry("b" * 64, 0)},
    golden=Golden("g/v.safetensors", 1, {"cosine": 0.985}),
    requires={"onnxruntime": "1.23"},
    provenance={"versions": {"torch": "2.13.0"}, "opset": 23},
    budget={"cosine": 0.99, "size_mb": 25},
    scores={},
    verdict="fail",
)

TEXT = f"""\
{{
  "schema": 1,
  "name": "tïny",
  "target": "cpu",
  "graphs": {{
    "model": {{
      "file": "m.onnx",
      "inputs": [
        {{
          "name": "x",
          "dtype": "float32",
          "dims": [
            "batch",
            2
          ]
        }}
      ],
      "outputs": [
        {{
          "name": "y",
          "dtype": "bool",
          "dims": []
        }}
      ]
    }}
  }},
  "symbols": {{
    "batch": {{
      "min": 0,
      "max": null
    }}
  }},
  "files": {{
    "g/v.safetensors": {{
      "sha256": "{"b" * 64}",
      "size": 0
    }},
    "m.onnx": {{
      "sha256": "{"a" * 64}",
      "size": 7
    }}
  }},
  "golden": {{
    "file": "g/v.safetensors",
    "samples": 1,
    "tolerance": {{
      "cosine": 0.985
    }}
  }},
  "requires": {{
    "onnxruntime": "1.23"
  }},
  "provenance": {{
    "versions": {{
      "torch": "2.13.0"
    }},
    "opset": 23
  }},
  "budget": {{
    "cosine": 0.99,
    "size_mb": 25
  }},
  "scores": {{}},
  "verdict": "fail"
}}
"""


def test_writes_exactly_these_bytes() -> None:
    assert MANIFEST.to_json() == TEXT


def test_reads_what_it_wrote() -> None:
    assert Manifest.from_json(TEXT) == MANIFEST


@pytest.mark.parametrize(
    "bundle",
    [
        *("good.edge", "several.edge", "tuned.edge"),
        *("decoder.edge", "decoder-in-place.edge", "encoder-decoder.edge"),
    ],
)
def test_round_trip_keeps_every_byte(conformance: Path, bundle: str) -> None:
    text = (conformance / bundle / "manifest.json").read_bytes().decode("utf-8")
    assert Manifest.from_json(text).to_json() == text
    jsonschema.validate(json.loads(text), SCHEMA)


def test_schema_is_a_schema_and_accepts_the_manifest() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(TEXT), SCHEMA)


def test_the_specification_shows_a_manifest() -> None:
    (shown,) = re.findall(
        r"^```json\n(.+?)^```", (ROOM / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    whole = re.sub(r"([0-9a-f]{4})…", lambda hidden: hidden[1] * 16, shown)
    jsonschema.validate(json.loads(whole), SCHEMA)
    assert Manifest.from_json(whole).name == "sentence"


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(manifest: Any) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = to

    return change


# Each breaks one rule that the JSON schema can state too; the message must name the key.
BROKEN: dict[str, Callable[[Any], None]] = {
    "schema: 2": _set("schema", to=2),
    "schema: true": _set("schema", to=True),
    "name: ": _set("name", to=""),
    "target: ": _set("target", to="a\nb"),
    "graphs: ": _set("graphs", to=[]),
    "graphs: none found": _set("graphs", to={}),
    "graphs: a, b found": lambda m: m.update(graphs=dict.fromkeys("ab", m["graphs"]["model"])),
    "graphs.model.inputs: ": _set("graphs", "model", "inputs", to={}),
    "graphs.model.inputs[0].dtype: ": _set("graphs", "model", "inputs", 0, "dtype", to="complex64"),
    "graphs.model.inputs[0].dims[1]: 0": _set("graphs", "model", "inputs", 0, "dims", 1, to=0),
    "graphs.model.inputs[0].dims[1]: 2.5": _set("graphs", "model", "inputs", 0, "dims", 1, to=2.5),
    "graphs.model.inputs[0].dims[1]: true": _set("graphs", "model", "inputs", 0, "dims", 1, to=True),
    "graphs.model.inputs[0].shape: unknown": _set("graphs", "model", "inputs", 0, "shape", to=[]),
    "symbols.batch.min: ": _set("symbols", "batch", "min", to=-1),
    "symbols.batch.max: ": _set("symbols", "batch", "max", to="9"),
    "files.m.onnx.size: ": _set("files", "m.onnx", "size", to=2**53),
    "files.m.onnx.sha256: ": _set("files", "m.onnx", "sha256", to="A" * 64),
    "golden.samples: ": _set("golden", "samples", to=0),
    "golden.tolerance.cosine: missing": _set("golden", "tolerance", to={}),
    "requires.onnxruntime: ": _set("requires", "onnxruntime", to=">=1.23"),
    "requires.python: unknown": _set("requires", "python", to="3.11"),
    "provenance: ": _set("provenance", to=[]),
    "budget.cosine: ": _set("budget", "cosine", to="0.99"),
    "scores.cosine: ": _set("scores", "cosine", to=True),
    "verdict: ": _set("verdict", to="maybe"),
    "budget: missing": lambda m: m.pop("budget"),
    "extra: unknown key": _set("extra", to=1),
    **{
        f"files: {json.dumps(path)} found": _set("files", path, to={"sha256": "a" * 64, "size": 1})
        for path in (
            "../a",
            "/a",
            "a/../b",
            "a//b",
            "a/",
            "./a",
            "C:/a",
            "a\\b",
            ".hidden",
            "-a",
            "manifest.json",
        )
    },
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_manifest_is_refused_by_reader_and_schema(message: str) -> None:
    manifest = json.loads(TEXT)
    BROKEN[message](manifest)
    with pytest.raises(BundleError, match="^" + re.escape(message)) as caught:
        Manifest.from_json(json.dumps(manifest))
    assert "\n" not in str(caught.value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, SCHEMA)


# What ties one key to another is beyond the schema.
UNTIED: dict[str, Callable[[Any], None]] = {
    "graphs.model: 'x' has a dim 'batch'": _set("symbols", to={}),
    "graphs.model.file: 'other.onnx'": _set("graphs", "model", "file", to="other.onnx"),
    "golden.file: 'other'": _set("golden", "file", to="other"),
    "symbols.batch.max: 1 found": _set("symbols", "batch", to={"min": 2, "max": 1}),
    "graphs.model.outputs: two tensors named 'y'": lambda m: m["graphs"]["model"]["outputs"].append(
        m["graphs"]["model"]["outputs"][0]
    ),
}


@pytest.mark.parametrize("message", UNTIED)
def test_keys_that_disagree_are_refused(message: str) -> None:
    manifest = json.loads(TEXT)
    UNTIED[message](manifest)
    with pytest.raises(BundleError, match="^" + re.escape(message)):
        Manifest.from_json(json.dumps(manifest))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", r"the manifest: \[\] found"),
        (TEXT[:-3], "Expecting"),
        (TEXT.replace('"cpu"', '"cpu", "target": "npu"'), "'target' stands twice"),
        (TEXT.replace("0.99", "NaN"), "NaN is no number"),
        (TEXT.replace("0.99", "-Infinity"), "-Infinity is no number"),
        (TEXT.replace("0.99", "1e999"), "budget.cosine: Infinity found"),
        (TEXT.replace('"size": 7', f'"size": {"7" * 5000}'), "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (TEXT.replace('"cpu"', '"\\ud800"'), "target: "),
        (TEXT.replace('"batch": {', '"bat\\u001bch": {'), "symbols: .* printable keys expected"),
    ],
)
def test_text_that_is_no_strict_json_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        Manifest.from_json(text)


def test_a_long_value_is_told_short() -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_json(TEXT.replace('"cpu"', str(["long"] * 100).replace("'", '"')))
    assert len(str(caught.value)) < 120


def test_what_could_not_be_read_is_not_written() -> None:
    with pytest.raises(BundleError, match=r"symbols\.batch\.min"):
        replace(MANIFEST, symbols={"batch": Symbol(-1, None)}).to_json()


def test_a_single_graph_is_the_main_one() -> None:
    assert MANIFEST.main_graph == "model"
    assert replace(MANIFEST, graphs={"encoder": MANIFEST.graphs["model"]}).main_graph == "encoder"


def test_a_tensor_reads_as_its_contract() -> None:
    assert str(MANIFEST.graphs["model"].inputs[0]) == "x: float32[batch, 2]"
