"""A bundle's PyTorch original, captured anew to be compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from edgeattn.eval_mode import in_eval_mode
from edgeattn.handover import Handover
from edgeattn.progress import Progress
from edgeattn.rivals import FLOAT, INT8, PYTORCH, Engine, Rival
from edgeattn_export.axes import infer_axes
from edgeattn_export.capture import Captured, capture
from edgeattn_export.samples import Samples, read_samples
from edgeattn_export.session import session_of
from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.manifest import Graph


@dataclass(frozen=True, slots=True)
class Original:
    """The float capture, and the samples that judge."""

    captured: Captured
    judged: Samples


def recapture(handed: Handover, graph: Graph, bundle: Path, *, progress: Progress) -> Original:
    """Capture a model again, as its export did.

    Args:
        handed: The model.
        graph: The contract that the bundle has.
        bundle: Where it is, for the message.
        progress: Told of the stages.

    Raises:
        BundleError: The model is not the one that the bundle was made of: its contract is another.
    """
    in_eval_mode(handed.module)
    progress.stage("samples")
    real = read_samples(handed.module, handed.samples)
    axes = infer_axes(real, handed.dynamic)
    calibrating, judged = real.split()
    progress.stage("capture")
    captured = capture(handed.module, calibrating, axes)
    if (captured.graph.inputs, captured.graph.outputs) != (graph.inputs, graph.outputs):
        raise BundleError(
            f"{bundle}: takes {_ends(graph)}, but the model {handed.name} takes {_ends(captured.graph)}; "
            "name the model that it was exported from"
        )
    return Original(captured, judged)


def rivals_of(captured: Captured, int8: onnxruntime.InferenceSession, *, threads: int) -> dict[str, Rival]:
    """Return the three that are compared, by the names of ``edgeattn.rivals``."""
    return {
        PYTORCH: captured.reference,
        FLOAT: Engine(session_of(captured.model, threads=threads)),
        INT8: Engine(int8),
    }


def _ends(graph: Graph) -> str:
    inputs, outputs = (", ".join(map(str, tensors)) for tensors in (graph.inputs, graph.outputs))
    return f"{inputs} -> {outputs}"
