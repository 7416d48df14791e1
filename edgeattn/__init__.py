"""Take a trained PyTorch attention model to the edge: exported whole, int8, and proven.

bundle = edgeattn.export(module, samples)  # needs edgeattn[export]
bundle.save("name.edge")
net = edgeattn.load("name.edge")  # the device's part: no PyTorch
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeattn_runtime import __version__ as __version__
from edgeattn_runtime import load
from edgeattn_runtime.errors import (
    BadInput,
    BudgetError,
    BundleError,
    CaptureError,
    CheckFailed,
    EdgeAttnError,
    IncompatibleRuntimeError,
    InputError,
    ModelError,
    QuantizeError,
    RecipeError,
    SampleError,
)

if TYPE_CHECKING:
    from edgeattn.bundle import Bundle
    from edgeattn.pipeline import export
    from edgeattn.report.report import Report

__all__ = [
    "BadInput",
    "BudgetError",
    "Bundle",
    "BundleError",
    "CaptureError",
    "CheckFailed",
    "EdgeAttnError",
    "IncompatibleRuntimeError",
    "InputError",
    "ModelError",
    "QuantizeError",
    "RecipeError",
    "Report",
    "SampleError",
    "export",
    "load",
]


def __getattr__(name: str) -> object:
    """Import the workshop when it is asked for: where edgeattn only loads bundles, PyTorch stays away."""
    from edgeattn.extras import needed_by

    with needed_by(f"edgeattn.{name}"):
        match name:
            case "export":
                from edgeattn.pipeline import export

                return export
            case "Bundle":
                from edgeattn.bundle import Bundle

                return Bundle
            case "Report":
                from edgeattn.report.report import Report

                return Report
    raise AttributeError(f"module 'edgeattn' has no attribute {name!r}")
