"""The command line: run, check and bench."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeattn_runtime import __version__, load
from edgeattn_runtime.timing.machine import Machine

Done = subprocess.CompletedProcess[str]
Command = Callable[..., Done]
Refused = Callable[..., str]

TOKENS = np.array([[1, 2, 3]])
MASK = np.ones((1, 3), np.float32)


def _process(*args: str | Path) -> Done:
    command = [sys.executable, "-m", "edgeattn_runtime", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    np.savez(tmp_path / "x.npz", tokens=TOKENS, mask=MASK)
    return tmp_path / "x.npz"


def test_run(good: Path, inputs: Path, tmp_path: Path) -> None:
    result = _process("run", good, "--input", inputs, "-o", tmp_path / "y.npz")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    expected = load(good)(tokens=TOKENS, mask=MASK)["embedding"]
    with np.load(tmp_path / "y.npz") as outputs:
        assert list(outputs) == ["embedding"]
        np.testing.assert_array_equal(outputs["embedding"], expected, strict=True)


def test_run_refuses_bad_input(good: Path, inputs: Path, tmp_path: Path, refused: Refused) -> None:
    output = tmp_path / "y.npz"
    output.write_text("old")

    np.savez(tmp_path / "names.npz", ids=TOKENS)
    assert "'ids'" in refused("run", good, "--input", tmp_path / "names.npz", "-o", output)
    np.savez(tmp_path / "objects.npz", tokens=np.array([{}]), mask=MASK)
    assert "objects.npz: " in refused("run", good, "--input", tmp_path / "objects.npz", "-o", output)
    (tmp_path / "text.npz").write_text("text")
    assert "text.npz: " in refused("run", good, "--input", tmp_path / "text.npz", "-o", output)
    assert "none.npz: " in refused("run", good, "--input", tmp_path / "none.npz", "-o", output)
    assert str(output) in refused("run", good, "--input", inputs, "-o", output / "y.npz")
    assert "Is a directory" in refused("run", good, "--input", inputs, "-o", tmp_path / "good.edge")
    assert "0 threads" in refused("run", good, "--input", inputs, "-o", output, "--threads", "0")
    assert output.read_text() == "old"


def test_check(good: Path, conformance: Path, command: Command) -> None:
    result = command("check", good)
    assert (result.returncode, result.stderr) == (0, "")
    machine, head, *rows, allowed = result.stdout.splitlines()
    assert machine == str(Machine.here())
    assert head.split() == ["sample", "output", "error", "max|d|"]
    assert allowed == "errors in units of each channel's spread; allowed: embedding 0.1"
    assert [row.split()[-1] for row in rows] == ["ok"] * 4

    result = _process("check", conformance / "golden-wrong.edge")
    assert result.returncode == 1
    assert [row.split()[-1] for row in result.stdout.splitlines()[2:-1]] == ["ok"] * 3 + ["FAILED"]
    assert "golden-wrong.edge: 1 of 4" in result.stderr


def test_check_says_what_the_bundle_says(conformance: Path, command: Command) -> None:
    assert "tokenizer.json" in command("check", conformance / "processed.edge").stdout
    manifest = load(conformance / "signed.edge").manifest
    assert manifest.signature is not None
    assert manifest.signature.key in command("check", conformance / "signed.edge").stdout


def test_check_json(conformance: Path, command: Command) -> None:
    result = command("check", conformance / "golden-wrong.edge", "--json")
    assert result.returncode == 1
    table = json.loads(result.stdout)
    assert table["machine"] == json.loads(json.dumps(Machine.here().to_table()))
    assert [line["ok"] for line in table["results"]] == [True] * 3 + [False]


@pytest.mark.parametrize("verb", ["check", "bench"])
def test_broken_bundles_are_told_in_one_line(conformance: Path, verb: str, refused: Refused) -> None:
    assert "(truncated?)" in refused(verb, conformance / "file-truncated.edge")
    assert "onnxruntime 99.0" in refused(verb, conformance / "engine-99.edge")
    assert "nothing found" in refused(verb, conformance / "none.edge")


def test_bench(good: Path, command: Command) -> None:
    result = command("bench", good, "--rounds", "3", "--threads", "1,2")
    assert (result.returncode, result.stderr) == (0, "")
    first, golden, machine, head, *lines = result.stdout.splitlines()
    rows = lines[: 2 * 4]  # behind them: what disturbed, where something did
    assert first.startswith("tiny for cpu: ")
    assert "error" in golden
    assert machine == str(Machine.here())
    assert head.split() == ["threads", "sample", "p50", "ms", "p90", "ms", "p99", "ms", "calls", "shape"]
    assert rows[0].split()[5:] == ["3", "batch=1", "sequence=5"]
    assert [row.split()[0] for row in rows] == ["1"] * 4 + ["2"] * 4


def test_bench_json(good: Path, command: Command) -> None:
    result = command("bench", good, "--rounds", "2", "--threads", "2", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    benchmark = json.loads(result.stdout)
    assert (benchmark["schema"], benchmark["model"], benchmark["target"]) == (1, "tiny", "cpu")
    assert benchmark["machine"]["cpu"] == Machine.here().cpu
    assert benchmark["graphs"].keys() == {"model.onnx"}
    assert [result["ok"] for result in benchmark["golden"]] == [True] * 4
    (run,) = benchmark["runs"]
    assert run["threads"] == 2
    assert run["timings"][3]["shape"] == {"batch": 2, "sequence": 8}
    assert run["timings"][3]["latency_ms"].keys() >= {"p50", "p90", "p99", "count", "quantiles"}


@pytest.mark.parametrize("threads", ["", "two", "1,", "1,1"])
def test_bench_refuses_other_threads(good: Path, threads: str, command: Command) -> None:
    result = command("bench", good, "--threads", threads)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--threads" in result.stderr


def test_a_target_is_taken_by_its_name(conformance: Path, command: Command, refused: Refused) -> None:
    bundle = conformance / "preferred.edge"
    assert command("check", bundle, "--target", "cpu").returncode == 0
    assert "gpu needs UnheardOfExecutionProvider" in refused("check", bundle, "--target", "gpu")


def test_usage_errors_are_one_line(refused: Refused) -> None:
    assert "required: run|check|bench|generate" in refused()
    assert "invalid choice: 'fly'" in refused("fly")
    assert "--input" in refused("run", "x.edge")
    assert "invalid int value: 'many'" in refused("bench", "x.edge", "--rounds", "many")


def test_the_version_is_told(command: Command) -> None:
    result = command("--version")
    assert (result.returncode, result.stdout) == (0, f"edgeattn_runtime {__version__}\n")


def test_help_names_every_command(command: Command) -> None:
    result = command("--help")
    assert result.returncode == 0
    for verb in ("run", "check", "bench", "generate"):
        assert f"\n    {verb} " in result.stdout
