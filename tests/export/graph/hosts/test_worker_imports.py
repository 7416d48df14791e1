"""A worker's environment has numpy, onnxruntime and safetensors; what it imports must ask for no more."""

from __future__ import annotations

import subprocess
import sys

ABSENT = ("torch", "onnx", "onnx_ir", "onnxscript", "sympy")


def test_a_worker_is_imported_without_the_workshops_packages() -> None:
    hidden = "; ".join(f"sys.modules[{name!r}] = None" for name in ABSENT)
    program = f"import sys; {hidden}; import edgeattn_export.graph.hosts.worker"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
