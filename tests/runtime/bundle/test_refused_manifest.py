"""Manifests that are refused: by the reader, and by the JSON schema where that can state the rule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from broken_manifest import Change, changed, put, refused_by_reader_alone, refused_by_schema_too
from example_manifest import MANIFEST, TEXT

from edgeattn_runtime.bundle.manifest import Manifest
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.graph import Symbol

_V, _X, _Y = ("variants", 0), ("graphs", "model", "inputs", 0), ("graphs", "model", "outputs", 0)

# Each breaks one rule that the JSON schema can state too; the message must name the key.
BROKEN: dict[str, Change] = {
    "schema: 1": put("schema", to=1),
    "schema: 3": put("schema", to=3),
    "schema: true": put("schema", to=True),
    "name: ": put("name", to=""),
    "graphs: ": put("graphs", to=[]),
    "graphs: none ": put("graphs", to={}),
    "graphs: a, b ": lambda m: m.update(graphs=dict.fromkeys("ab", m["graphs"]["model"])),
    "graphs.model.file: ": put("graphs", "model", "file", to="m.onnx"),
    "graphs.model.inputs: ": put("graphs", "model", "inputs", to={}),
    "graphs.model.inputs[0].dtype: ": put(*_X, "dtype", to="complex64"),
    "graphs.model.inputs[0].dims[1]: 0": put(*_X, "dims", 1, to=0),
    "graphs.model.inputs[0].dims[1]: 2.5": put(*_X, "dims", 1, to=2.5),
    "graphs.model.inputs[0].dims[1]: true": put(*_X, "dims", 1, to=True),
    "graphs.model.inputs[0].shape: ": put(*_X, "shape", to=[]),
    **{
        f"graphs.model.inputs[0].table_rows: {json.dumps(rows)} ": put(
            *_X, to={"name": "x", "dtype": "uint8", "dims": [], "table_rows": rows}
        )
        for rows in (0, -1, 1.5, 2**31, True, None)
    },
    "graphs.model.inputs[0].table_rows: 9": put(*_X, "table_rows", to=9),
    **{
        f"graphs.model.inputs[0].lengths_of: {json.dumps(symbol)} ": put(
            *_X, to={"name": "x", "dtype": "int64", "dims": [], "lengths_of": symbol}
        )
        for symbol in (8, "", None, ["sequence"])
    },
    'graphs.model.inputs[0].lengths_of: "sequence"': put(*_X, "lengths_of", to="sequence"),
    "graphs.model.outputs[0].lengths_of: unknown": put(*_Y, "lengths_of", to="sequence"),
    "graphs.model.outputs[0].table_rows: unknown": put(*_Y, "table_rows", to=9),
    "symbols.batch.min: ": put("symbols", "batch", "min", to=-1),
    "symbols.batch.max: ": put("symbols", "batch", "max", to="9"),
    "variants: ": put("variants", to=[]),
    "variants[0].target: ": put(*_V, "target", to="a\nb"),
    "variants[0].engine.version: ": put(*_V, "engine", "version", to=">=1.23"),
    "variants[0].engine.providers: ": put(*_V, "engine", "providers", to=[]),
    "variants[0].engine.providers[0]: ": put(*_V, "engine", "providers", 0, to=1),
    **{
        f"variants[0].engine.options.{name}: unknown option; expected edgeattn.kernels, ": put(
            *_V, "engine", "options", name, to=value
        )
        for name, value in (
            ("session.collect_node_memory_stats_to_file", "notes.csv"),
            ("session.custom_ops_library", "x"),
            ("session.moe.offload.source_root", ".."),
            ("session.resource_cuda_partitioning_settings", "100,any.csv"),
            ("CoreMLExecutionProvider.ModelCacheDirectory", "cache"),
            ("CUDAExecutionProvider.gpu_external_alloc", "3735928559"),
            ("CUDAExecutionProvider.user_compute_stream", "1"),
            ("OpenVINOExecutionProvider.load_config", "x.json"),
            ("QNNExecutionProvider.op_packages", "Sum:evil.dll:Interface:CPU"),
            ("session.dynamic_block_base ", 4),
        )
    },
    **{
        f"variants[0].engine.options.session.dynamic_block_base: {json.dumps(value)} ": put(
            *_V, "engine", "options", "session.dynamic_block_base", to=value
        )
        for value in ("0,/etc/passwd", "a:..\\evil.dll", "a b", "4\n", "", None, [4])
    },
    "variants[0].engine.python: ": put(*_V, "engine", "python", to="3.11"),
    "variants[0].files: ": put(*_V, "files", to=["m.onnx"]),
    "variants[0].sizes.batch: ": put(*_V, "sizes", "batch", to=0),
    "variants[0].session: ": put(*_V, "session", to=None),
    "variants[0].stacks: ": put(*_V, "stacks", to={}),
    "variants[0].tolerance.y: 0 found, a finite number above 0": put(*_V, "tolerance", "y", to=0),
    "variants[0].scores.cosine: ": put(*_V, "scores", "cosine", to=True),
    "variants[0].verdict: ": put(*_V, "verdict", to="maybe"),
    "variants[0].measured: ": put(*_V, "measured", to=""),
    "files.m.onnx.size: ": put("files", "m.onnx", "size", to=2**53),
    "files.m.onnx.sha256: ": put("files", "m.onnx", "sha256", to="A" * 64),
    "golden.samples: ": put("golden", "samples", to=0),
    "golden.tolerance: ": put("golden", "tolerance", to={"y": 0.9}),
    "provenance: ": put("provenance", to=[]),
    "budget.cosine: ": put("budget", "cosine", to="0.99"),
    "budget: missing": lambda m: m.pop("budget"),
    "critical: ": put("critical", to=["target"]),
    "signature.scheme: ": put("signature", to={"scheme": "rsa", "key": "a" * 64}),
    "signature.key: ": put("signature", to={"scheme": "ed25519", "key": "a" * 63}),
    **{
        f"files: {json.dumps(path)} ": put("files", path, to={"sha256": "a" * 64, "size": 1})
        for path in (
            *("../a", "/a", "a/../b", "a//b", "a/", "./a", "C:/a", "a\\b", ".hidden", "-a"),
            *("manifest.json", "manifest.sig"),
        )
    },
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_manifest_is_refused_by_reader_and_schema(message: str) -> None:
    refused_by_schema_too(changed(TEXT, BROKEN[message]), message)


# What ties one key to another is beyond the schema.
UNTIED: dict[str, Change] = {
    "graphs.model: 'x' has a dim 'batch'": lambda m: m.update(symbols={}),
    "graphs.model: 'x' has lengths of 'time'": put(
        *_X, to={"name": "x", "dtype": "int8", "dims": ["batch"], "lengths_of": "time"}
    ),
    "variants[0].files: none": put(*_V, "files", to={}),
    "variants[0].files: model, encoder": put(*_V, "files", "encoder", to="m.onnx"),
    "variants[0].files.model: 'other.onnx'": put(*_V, "files", "model", to="other.onnx"),
    "variants[0].sizes: 'sequence'": put(*_V, "sizes", "sequence", to=4),
    "variants[0].sizes.batch: 1": put("symbols", "batch", "min", to=2),
    "variants[0].stacks: 1": put(*_V, "stacks", to=[{"sizes": {}, "rows": 2}]),
    "variants[0].tolerance: none found, y expected": put(*_V, "tolerance", to={}),
    "variants[0].tolerance: y, z found, y expected": put(*_V, "tolerance", "z", to=0.1),
    "golden.file: 'other'": put("golden", "file", to="other"),
    "symbols.batch.max: 1": put("symbols", "batch", to={"min": 2, "max": 1}),
    "graphs.model.outputs: two tensors named 'y'": lambda m: m["graphs"]["model"]["outputs"].append(
        m["graphs"]["model"]["outputs"][0]
    ),
}


@pytest.mark.parametrize("message", UNTIED)
def test_keys_that_disagree_are_refused(message: str) -> None:
    refused_by_reader_alone(changed(TEXT, UNTIED[message]), message)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", "Expecting value"),
        ("[]", r"the manifest: \[\] "),
        (TEXT[:-3], "Expecting"),
        (TEXT.replace('"cpu"', '"cpu", "target": "npu"'), "'target'"),
        (TEXT.replace("0.99", "NaN"), "NaN"),
        (TEXT.replace("0.99", "-Infinity"), "-Infinity"),
        (TEXT.replace("0.99", "1e999"), "budget.cosine: "),
        (TEXT.replace('"size": 7', f'"size": {"7" * 5000}'), "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        (TEXT.replace('"cpu"', '"\\ud800"'), r"variants\[0\].target: "),
        (TEXT.replace('"batch": {', '"bat\\u001bch": {'), "symbols: "),
    ],
)
def test_text_that_is_no_strict_json_is_refused(text: str, pattern: str) -> None:
    with pytest.raises(BundleError, match=pattern):
        Manifest.from_json(text)


def test_a_long_value_is_told_short() -> None:
    with pytest.raises(BundleError) as caught:
        Manifest.from_json(TEXT.replace('"cpu"', str(["long"] * 100).replace("'", '"')))
    assert len(str(caught.value)) < 120


def test_a_key_that_stands_twice_among_very_many_is_named() -> None:
    keys = ", ".join(f'"{i}": 0' for i in range(80_000))  # minutes, where each is looked for among all others
    with pytest.raises(BundleError, match="'7'"):
        Manifest.from_json(f'{{{keys}, "7": 0}}')


def test_what_could_not_be_read_is_not_written() -> None:
    with pytest.raises(BundleError, match=r"symbols\.batch\.min"):
        replace(MANIFEST, symbols={"batch": Symbol(-1, None)}).to_json()


@pytest.mark.parametrize(("schema", "pattern"), [(1, "export again"), (3, "upgrade"), (None, "export again")])
def test_another_schema_is_told_before_all_else(schema: int | None, pattern: str) -> None:
    with pytest.raises(BundleError, match=f"^schema: .*{pattern}"):
        Manifest.from_json(json.dumps({"schema": schema}))
