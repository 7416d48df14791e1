"""onnxruntime's CPU execution provider, and what its kernels need of a standard graph."""

from edgeattn_export.graph.engine import Engine
from edgeattn_export.lower.ort_cpu.masks import expand_masks
from edgeattn_export.lower.ort_cpu.rotary_caches import expand_caches

ORT_CPU = Engine(
    "onnxruntime",
    "1.25",  # the first whose int8 products are right on x86 with AMX, for any number of channels
    ("CPUExecutionProvider",),
    needs=(expand_masks, expand_caches),
)
