"""nn.Module or ONNX file -> ir.Model (float), its contract, and the original to compare with."""

from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.from_module import capture
from edgeattn_export.capture.from_onnx import adopt
from edgeattn_export.capture.samples.read_samples import read_samples

__all__ = ["Captured", "adopt", "capture", "read_samples"]
