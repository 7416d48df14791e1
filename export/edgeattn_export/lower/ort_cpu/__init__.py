"""onnxruntime's CPU execution provider: what its kernels need, and what they are fast at."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.rule import Rule
from edgeattn_export.lower.decomposed.group_normalization import (
    decompose_group_normalization,
    decompose_group_norms,
)
from edgeattn_export.lower.ort_cpu.masks import expand_masks
from edgeattn_export.lower.ort_cpu.residual import residual_sum
from edgeattn_export.lower.ort_cpu.rotary_caches import expand_caches

ORT_CPU = Engine(
    "onnxruntime",
    "1.28",  # the first that answers 0 for a row that is masked out whole; 1.25: right int8 products on AMX
    ("CPUExecutionProvider",),
    needs=(expand_masks, expand_caches, decompose_group_norms),
)

# Else a product with only its weight quantized would round its activations too, to 8 bits by block.
_FLOAT = 1  # of the accuracy levels of MatMulNBits
ORT_QDQ = replace(ORT_CPU, options={"session.qdq_matmulnbits_accuracy_level": _FLOAT})

LOWERINGS: tuple[Rule, ...] = (
    residual_sum,
    decompose_group_normalization,
)  # whose refusals are reported
