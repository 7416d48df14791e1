"""edgeattn, by its front door: `edgeattn export`, its default recipe, its own runtime.

Where edgeattn-kernels is installed, the export tries them and the runtime takes them; another row has what
those get who do not install it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from protocol.peer import Array, Batch, Call, Job, Peer

ROOT = Path(__file__).parents[3]
SOURCES = (ROOT / "edgeattn", ROOT / "export", ROOT / "runtime" / "python")


def export(job: Job, folder: Path, options: Sequence[str] = ()) -> None:
    """Export the handover file, with options of the command line; the report stands in the worker's log.

    Raises:
        RuntimeError: The front door refuses the network or fails it; it says why in its last line.
    """
    command = [sys.executable, "-m", "edgeattn", "export", str(job.handover), "-o", str(folder / "int8")]
    ended = subprocess.run([*command, *options], capture_output=True, encoding="utf-8")
    sys.stderr.write(ended.stdout + ended.stderr)
    if ended.returncode:
        raise RuntimeError((ended.stderr.splitlines() or [f"exit code {ended.returncode}"])[-1])


def export_without_kernels(job: Job, folder: Path) -> None:
    """Export as where the package is not installed."""
    os.environ["EDGEATTN_KERNELS"] = "never"
    export(job, folder)


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the bundle. Several samples at once go through `run_many`, which leaves padding out."""
    import edgeattn_runtime

    model = edgeattn_runtime.load(variant, threads=threads)
    (output,) = [tensor.name for tensor in model.outputs]

    def bind(batch: Batch) -> Call:
        if len(batch.samples) > 1 and hasattr(model, "run_many"):
            return lambda: np.concatenate([each[output] for each in model.run_many(batch.samples)])
        feed = batch.padded()

        def call() -> Array:
            return np.asarray(model.run(feed)[output])

        return call

    return bind


PEERS = (
    Peer("edgeattn", "edgeattn", (), export, load, sources=SOURCES, title="edgeattn, default"),
    Peer(
        "edgeattn-without-kernels",
        "edgeattn",
        (),
        export_without_kernels,
        load,
        sources=SOURCES,
        title="edgeattn, without kernels",
    ),
)
