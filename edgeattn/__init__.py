"""Take a trained PyTorch attention model to the edge: exported whole, int8, and proven.

bundle = edgeattn.export(module, samples)  # needs edgeattn[export]
bundle.save("name.edge")
net = edgeattn.load("name.edge")  # the device's part: no PyTorch
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgeattn.progress import Progress
from edgeattn_runtime import __version__ as __version__
from edgeattn_runtime.errors import (
    BadInput,
    BudgetError,
    BundleError,
    CaptureError,
    CheckFailed,
    DeadlineError,
    EdgeAttnError,
    IncompatibleRuntimeError,
    InputError,
    ModelError,
    QuantizeError,
    RecipeError,
    ResourceError,
    SampleError,
    StageError,
)

if TYPE_CHECKING:
    from edgeattn.bundle import Bundle
    from edgeattn.judge.request import Objective
    from edgeattn.pipeline import export, export_onnx
    from edgeattn.results.report import Report
    from edgeattn_export.quantize.recipes.recipe import Recipe
    from edgeattn_runtime.model import load

__all__ = [
    "BadInput",
    "BudgetError",
    "Bundle",
    "BundleError",
    "CaptureError",
    "CheckFailed",
    "DeadlineError",
    "EdgeAttnError",
    "IncompatibleRuntimeError",
    "InputError",
    "ModelError",
    "Objective",
    "Progress",
    "QuantizeError",
    "Recipe",
    "RecipeError",
    "Report",
    "ResourceError",
    "SampleError",
    "StageError",
    "export",
    "export_onnx",
    "load",
]

# Imported when they are asked for: where edgeattn only loads bundles, PyTorch stays away.
_HEAVY = {
    "Bundle": "edgeattn.bundle",
    "Objective": "edgeattn.judge.request",
    "Recipe": "edgeattn_export.quantize.recipes.recipe",
    "Report": "edgeattn.results.report",
    "export": "edgeattn.pipeline",
    "export_onnx": "edgeattn.pipeline",
    "load": "edgeattn_runtime.model",
}


def __getattr__(name: str) -> object:
    """Import what is heavy, and say how to install the workshop where it is missing."""
    if name not in _HEAVY:
        raise AttributeError(f"module 'edgeattn' has no attribute {name!r}")
    from edgeattn.extras import needed_by

    with needed_by(f"edgeattn.{name}"):
        return getattr(import_module(_HEAVY[name]), name)
