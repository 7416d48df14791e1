"""How much memory a bundle takes on this machine, measured in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from edgeattn_runtime.errors import BudgetError, BundleError

_ROUNDS = 5  # per golden sample: memory stops growing after the first calls of each shape
_IDLE = """
import edgeattn_runtime.commands.command_line, edgeattn_runtime.engine.system
print(edgeattn_runtime.engine.system.peak_memory_mb())
"""


def memory_mb(bundle: Path, *, threads: int, kernels: bool = True) -> float:
    """Return by how many MB (10^6 bytes) a process grows that loads a bundle and answers its golden inputs.

    It is the peak resident memory of ``python -m edgeattn_runtime bench`` less that of a process that has
    only imported the runtime: the model, its weights, onnxruntime's copies of them and its work space, but
    neither Python nor the library, which an app does not have or has already.

    Raises:
        BudgetError: This system does not report a process's peak.
        BundleError: The bundle does not run.
    """
    options = ["--json", "--rounds", str(_ROUNDS), "--threads", str(threads)]
    if not kernels:
        options.append("--no-kernels")
    busy = json.loads(_python("-m", "edgeattn_runtime", "bench", str(bundle), *options))
    idle = json.loads(_python("-c", _IDLE).replace("None", "null"))
    if busy["peak_memory_mb"] is None or idle is None:
        raise BudgetError("budget memory_mb: this system does not report a process's peak; leave it out")
    return float(busy["peak_memory_mb"] - idle)


def _python(*arguments: str) -> str:
    process = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if process.returncode:
        raise BundleError(process.stderr.strip())
    return process.stdout
