from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from fixture_types import Plainly
from tapes import model_of

from edgeattn_export.capture import Captured
from edgeattn_export.graph.files import file_mb, model_files, serialize, weight_bytes
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.weight_files import PAGE_BYTES
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_runtime.errors import BadInput


@pytest.fixture
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the weights were large."""
    monkeypatch.setattr("edgeattn_export.graph.files.MAPPED_FROM", 1024)


def test_weights_are_counted(encoder: Captured) -> None:
    trained = sum(p.numel() * p.element_size() for p in encoder.reference.module.parameters())
    # Equal biases are stored once, and the graph has a few constants of its own.
    assert weight_bytes(encoder.model) == pytest.approx(trained, abs=1024)


def test_one_file_where_the_weights_fit(encoder: Captured) -> None:
    files = model_files(encoder.model, "model.onnx")
    assert files == {"model.onnx": serialize(encoder.model)}
    onnx.checker.check_model(onnx.load_from_string(files["model.onnx"]), full_check=True)


@pytest.mark.usefixtures("low_limit")
def test_large_weights_get_a_file_of_their_own(
    encoder: Captured, samples: Samples, tmp_path: Path, plainly: Plainly
) -> None:
    before = serialize(encoder.model)
    files = model_files(encoder.model, "model.onnx")
    assert set(files) == {"model.onnx", "model.onnx.data"}
    assert len(files["model.onnx"]) < len(files["model.onnx.data"]) / 4
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    actual = ORT_CPU.file_runner(tmp_path / "model.onnx")(samples[0].inputs)
    expected = plainly(encoder.model)(samples[0].inputs)
    assert all(np.array_equal(actual[name], expected[name]) for name in expected)
    assert serialize(encoder.model) == before  # and the model itself keeps its weights


@pytest.mark.usefixtures("low_limit")
def test_each_large_weight_begins_on_a_page(encoder: Captured) -> None:
    files = model_files(encoder.model, "model.onnx")
    assert files == model_files(encoder.model, "model.onnx")  # to the byte
    graph = onnx.load_from_string(files["model.onnx"]).graph
    apart = {weight.name: weight for weight in graph.initializer if weight.external_data}
    for name, value in encoder.model.graph.initializers.items():
        assert value.const_value is not None
        assert (name in apart) == (value.const_value.nbytes >= PAGE_BYTES)
    for name, weight in apart.items():
        entry = {item.key: item.value for item in weight.external_data}
        start, length = int(entry["offset"]), int(entry["length"])
        assert (entry["location"], start % PAGE_BYTES) == ("model.onnx.data", 0)
        stored = encoder.model.graph.initializers[name].const_value
        assert stored is not None
        assert files["model.onnx.data"][start : start + length] == stored.tobytes()


@pytest.mark.usefixtures("low_limit")
@pytest.mark.parametrize("most", [256, 2048, 10**9])
def test_large_weights_are_parted_into_pieces(
    encoder: Captured, samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("edgeattn_export.graph.weight_files.PAGE_BYTES", 64)
    files = model_files(encoder.model, "model.onnx", most)
    weights = {f"model.onnx.data{suffix}" for suffix in ("", *(f".{i}" for i in range(1, len(files) - 1)))}
    assert set(files) == {"model.onnx", *weights}
    stored = [value.const_value for value in encoder.model.graph.initializers.values()]
    largest = max(weight.nbytes for weight in stored if weight is not None)
    assert all(0 < len(files[name]) <= max(most, largest) for name in weights)
    assert (len(weights) == 1) == (most == 10**9)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    actual = ORT_CPU.file_runner(tmp_path / "model.onnx")(samples[0].inputs)
    expected = ORT_CPU.runner(encoder.model)(samples[0].inputs)
    assert all(np.array_equal(actual[name], expected[name]) for name in expected)


@pytest.mark.parametrize("limit", [1024, 10**9])
def test_the_size_of_files_is_known_without_them(
    encoder: Captured, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("edgeattn_export.graph.files.MAPPED_FROM", limit)
    size = sum(map(len, model_files(encoder.model, "model.onnx").values()))
    assert file_mb(encoder.model) == size / 1e6


def test_weights_that_no_message_holds_are_refused(
    encoder: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn_export.graph.files.INLINE_LIMIT", 1024)
    with pytest.raises(BadInput, match="protobuf"):
        serialize(encoder.model)


TABLE_MB = 32

PRIVATE_MB = """
import re, sys
from pathlib import Path
from edgeattn_runtime.engine.session import open_session

def private_mb():
    return int(re.search(r"RssAnon:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6

before = private_mb()
session = open_session(Path(sys.argv[1]), providers=["CPUExecutionProvider"])
print(private_mb() - before)
"""


def _lookup() -> ir.Model:
    tape = ir.tape.Tape()
    tokens = ir.val("tokens", ir.DataType.INT64, ["batch"])
    rows = ir.val("rows", ir.DataType.INT8, ["batch", 1000])
    table = tape.initializer(ir.tensor(np.ones((TABLE_MB * 1000, 1000), np.int8), name="table"))
    tape.op("Gather", [table, tokens], output=rows)
    return model_of(tape, [tokens], [rows])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux what memory is private")
def test_an_opened_table_is_mapped_and_not_copied(tmp_path: Path) -> None:
    model = _lookup()
    (tmp_path / "whole.onnx").write_bytes(serialize(model))
    for name, data in model_files(model, "apart.onnx").items():
        (tmp_path / name).write_bytes(data)
    whole, apart = (
        float(subprocess.check_output([sys.executable, "-c", PRIVATE_MB, str(tmp_path / name)]))
        for name in ("whole.onnx", "apart.onnx")
    )
    assert whole > TABLE_MB
    assert apart < TABLE_MB / 2
