"""The workshop: nn.Module -> ONNX -> int8 -> bundle.

One module a stage, in the order of the data: samples, axes, capture, fuse, quantize, pack, save. Stages pass
frozen values; none of them knows the front door.
"""

from edgeattn_export.axes import Axes, infer_axes
from edgeattn_export.capture import Captured, capture
from edgeattn_export.fuse import Fused, fuse
from edgeattn_export.pack import Packed, pack
from edgeattn_export.quantize import Quantized, quantize
from edgeattn_export.samples import Sample, Samples, read_samples
from edgeattn_export.save import check_folder, save

__all__ = [
    "Axes",
    "Captured",
    "Fused",
    "Packed",
    "Quantized",
    "Sample",
    "Samples",
    "capture",
    "check_folder",
    "fuse",
    "infer_axes",
    "pack",
    "quantize",
    "read_samples",
    "save",
]
