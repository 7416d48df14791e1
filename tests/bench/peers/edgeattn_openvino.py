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
# The fastest recipe of such a budget is more exact than OpenVINO's own int8, which has 0.9975 and 0.9905.
LIMITS = ("--budget", "cosine=0.995", "--budget", "cosine_min=0.99")


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
