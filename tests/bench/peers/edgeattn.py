"""edgeattn, by its front door: `edgeattn export`, its default recipe, its own runtime.

Where edgeattn-kernels is installed, the export tries them and the runtime takes them; another row has what an
export found as it runs without them.
"""

from __future__ import annotations

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


def load(variant: Path, threads: int, *, kernels: bool = True) -> Callable[[Batch], Call]:
    """Open the bundle. Several samples at once go through `run_many`, which leaves padding out."""
    import edgeattn_runtime

    model = edgeattn_runtime.load(variant, threads=threads, kernels=kernels)
    (output,) = [tensor.name for tensor in model.outputs]

    def bind(batch: Batch) -> Call:
        if len(batch.samples) > 1 and hasattr(model, "run_many"):
            return lambda: np.concatenate([each[output] for each in model.run_many(batch.samples)])
        feed = batch.padded()

        def call() -> Array:
            return np.asarray(model.run(feed)[output])

        return call

    return bind


def load_without_kernels(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open a bundle of kernels, to be run by stock operators.

    Raises:
        RuntimeError: It runs in no other way.
    """
    from edgeattn_runtime.bundle.engine_options import KERNELS_OPTION
    from edgeattn_runtime.bundle.folder import open_bundle
    from edgeattn_runtime.engine.kernels import kernels_here

    if kernels_here().library is None:
        raise RuntimeError(
            "edgeattn-kernels is not installed, or not for this CPU: pip install ./runtime/kernels"
        )
    if not any(KERNELS_OPTION in each.engine.options for each in open_bundle(variant).manifest.variants):
        raise RuntimeError("the search took no kernel: as edgeattn")
    return load(variant, threads, kernels=False)


PEERS = (
    Peer("edgeattn", "edgeattn", (), export, load, sources=SOURCES, title="edgeattn, default"),
    Peer(
        "edgeattn-without-kernels",
        "edgeattn",
        (),
        export,
        load_without_kernels,
        sources=SOURCES,
        title="edgeattn, without kernels",
    ),
)
