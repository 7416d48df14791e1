"""The device needs numpy, onnxruntime and safetensors alone: proven in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FORBIDDEN = ("torch", "onnx", "onnx_ir", "onnxscript", "edgeattn_export", "edgeattn", "typer", "rich")

BARRED = """
import sys

class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {forbidden}:
            raise ImportError(f"{{name}} is barred on a device")

sys.meta_path.insert(0, Barred())
"""

END_TO_END = """
import sys
import numpy
from edgeattn_runtime import generate, load
from edgeattn_runtime.timing.machine import Machine
from edgeattn_runtime.__main__ import main

net = load(sys.argv[1])
assert net(tokens=numpy.array([[1, 2]]), mask=numpy.ones((1, 2), numpy.float32))["embedding"].shape == (1, 8)
tuned = load(sys.argv[3])
(many,) = tuned.run_many([dict(tokens=[[1, 2], [3, 4]], mask=numpy.array([[1, 1], [1, 0]], numpy.float32))])
assert many["embedding"].shape == (2, 8)
assert Machine.here().cores
assert len(list(generate(sys.argv[2], [1, 2], temperature=1.0, seed=0))) == 15
sys.exit(main(["check", sys.argv[1]]) or main(["bench", sys.argv[1], "--rounds", "1"]))
"""

IMPORTED = """
import json, os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "0"
import edgeattn_runtime.errors
print(json.dumps([os.environ["ORT_DISABLE_TELEMETRY"], *sys.modules]))
"""

TELEMETRY = """
import os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "0"

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "onnxruntime":
            print(os.environ["ORT_DISABLE_TELEMETRY"])

sys.meta_path.insert(0, Watch())
from edgeattn_runtime import load
"""


def _python(code: str, *args: str | Path) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_works_where_torch_and_onnx_cannot_be_imported(good: Path, conformance: Path) -> None:
    barred = BARRED.format(forbidden=FORBIDDEN)
    assert "ok" in _python(
        barred + END_TO_END, good, conformance / "decoder.edge", conformance / "tuned.edge"
    )


def test_the_bar_holds() -> None:
    code = BARRED.format(forbidden=FORBIDDEN) + "import onnx_ir"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "barred on a device" in run.stderr


def test_importing_is_cheap_and_turns_telemetry_off() -> None:
    telemetry, *modules = json.loads(_python(IMPORTED))
    assert not {name.partition(".")[0] for name in modules} & {*FORBIDDEN, "numpy", "onnxruntime"}
    assert telemetry == "1"


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    assert _python(TELEMETRY) == "1\n"
