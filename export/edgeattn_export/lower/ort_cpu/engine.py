"""onnxruntime's CPU execution provider, and what its kernels need of a standard graph."""

from edgeattn_export.graph.engine import Engine
from edgeattn_export.lower.ort_cpu.masks import expand_masks
from edgeattn_export.lower.ort_cpu.rotary_caches import expand_caches

ORT_CPU = Engine(
    "onnxruntime",
    "1.28",  # the first that answers 0 for a row that is masked out whole; 1.25: right int8 products on AMX
    ("CPUExecutionProvider",),
    needs=(expand_masks, expand_caches),
)
