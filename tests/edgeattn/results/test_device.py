from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgeattn.results.device import read_result
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.timing.benchmark import DeviceBenchmark, bench


@pytest.fixture
def result(folder: Path) -> DeviceBenchmark:
    return bench(folder, threads=(1, 2), rounds=1)


def written(folder: Path, table: object) -> Path:
    path = folder.parent / "result.json"
    path.write_text(json.dumps(table))
    return path


def test_what_a_device_prints_is_read_back(folder: Path, result: DeviceBenchmark) -> None:
    assert read_result(written(folder, result.to_table()), open_bundle(folder)) == result


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"schema": 2}, "schema: 2"),
        ({"load_ms": "long"}, "load_ms"),
        ({"runs": [{"threads": 1}]}, "timings"),
        ({"model": "tiny\x1b[31m"}, "model"),
        ({"graphs": {"model.onnx": "0" * 64}}, r"model\.onnx"),
        ({"graphs": {"other.onnx": "0" * 64}}, r"other\.onnx"),
        ({"graphs": {}}, "graph"),
    ],
)
def test_what_is_no_result_of_the_bundle_is_refused(
    folder: Path, result: DeviceBenchmark, changed: dict[str, Any], named: str
) -> None:
    path = written(folder, result.to_table() | changed)
    with pytest.raises(BadInput, match=named) as refused:
        read_result(path, open_bundle(folder))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_what_is_no_json_is_refused(folder: Path, text: str) -> None:
    path = folder.parent / "result.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"result\.json"):
        read_result(path, open_bundle(folder))


def test_a_file_that_is_missing_or_far_too_large_is_refused(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json: "):
        read_result(folder.parent / "none.json", open_bundle(folder))
    path = folder.parent / "result.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(BadInput, match=r"result\.json: .*1 MB"):
        read_result(path, open_bundle(folder))
