"""onnxruntime's CPU execution provider."""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.lower.ort_cpu.masks import expand_masks
from edgeattn_export.lower.ort_cpu.rotary_caches import expand_caches

ORT_CPU = Engine("onnxruntime", "1.23", ("CPUExecutionProvider",), needs=(expand_masks, expand_caches))
