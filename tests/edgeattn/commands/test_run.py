from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeattn.__main__ import main
from edgeattn_runtime.model import load

CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
TOKENS = np.array([[3, 1, 4, 1, 5]])
INPUTS = {"tokens": TOKENS, "attention_mask": np.ones_like(TOKENS)}


def test_arrays_in_arrays_out(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "x.npz", **INPUTS)
    assert main(["run", str(folder), "--input", str(tmp_path / "x.npz"), "-o", str(tmp_path / "y.npz")]) == 0
    assert capsys.readouterr() == ("", "")
    with np.load(tmp_path / "y.npz") as outputs:
        np.testing.assert_array_equal(outputs["tags"], load(folder)(**INPUTS)["tags"])


def test_a_wrong_input_is_refused_and_nothing_written(
    folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    np.savez(tmp_path / "x.npz", tokens=TOKENS.astype("int32"), attention_mask=INPUTS["attention_mask"])
    assert re.search(
        "int64, .*int32", refused("run", folder, "--input", tmp_path / "x.npz", "-o", tmp_path / "y.npz")
    )
    assert not (tmp_path / "y.npz").exists()


@pytest.mark.parametrize("command", ["run", "inspect"])
def test_pytorch_stays_away(command: str, folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **INPUTS)
    options = ["--input", str(tmp_path / "x.npz"), "-o", str(tmp_path / "y.npz")] if command == "run" else []
    code = (
        "import sys; from edgeattn.__main__ import main; "
        f"assert main({[command, str(folder), *options]}) == 0; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_what_an_encoder_reads_is_for_generate(tmp_path: Path, refused: Callable[..., str]) -> None:
    np.savez(tmp_path / "x.npz", features=np.ones((1, 3, 6), np.float32), mask=np.ones((1, 3), bool))
    assert "edgeattn generate" in refused("run", CONFORMANCE / "sources.edge", "--input", tmp_path / "x.npz")
