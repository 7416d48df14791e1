"""edgeattn for OpenVINO: `edgeattn export --target openvino`, run by its own runtime.

onnxruntime is imported from the environment that `edgeattn targets --install openvino` makes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from peers import edgeattn
from protocol.peer import Batch, Call, Peer

FOLDER = "from edgeattn_export.graph.hosts.environment import folder_of; print(folder_of('openvino'))"
# More than OpenVINO's own int8 keeps of MiniLM.
LIMITS = ("--budget", "cosine=0.998", "--budget", "cosine_min=0.992")


def load(variant: Path, threads: int) -> Callable[[Batch], Call]:
    """Open the bundle with the other onnxruntime, before anything imports this one."""
    asked = subprocess.run([sys.executable, "-c", FOLDER], check=True, capture_output=True, text=True)
    (packages,) = Path(asked.stdout.strip()).glob("lib/python*/site-packages")
    sys.path.insert(0, str(packages))
    return edgeattn.load(variant, threads)


PEERS = (
    Peer(
        "edgeattn-openvino",
        "edgeattn_openvino",
        (),
        partial(edgeattn.export, options=("--target", "openvino", *LIMITS)),
        load,
        sources=edgeattn.SOURCES,
        title="edgeattn for OpenVINO",
    ),
)
