"""onnxruntime's CPU kernels as the reference for graphs in QDQ, which other back ends are to run."""

from dataclasses import replace

from edgeattn_export.lower.ort_cpu.engine import ORT_CPU

# Else a product whose weight alone is quantized would round its activations too, to 8 bits by block.
_FLOAT = 1  # of the accuracy levels of MatMulNBits
ORT_QDQ = replace(ORT_CPU, options={"session.qdq_matmulnbits_accuracy_level": _FLOAT})
