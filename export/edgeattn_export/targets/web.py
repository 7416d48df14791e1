"""onnxruntime-web in a browser: the forms that its wasm kernels are fast at, and what they cost."""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.ort_cpu.shared_quantization import share_quantization
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_export.lower.ort_web.centered_norm import centered_norm
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int4 import embedding_int4
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT4_BLOCKS
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import INT8_STATIC
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.forms.ort_cpu.narrow_scales import narrow_scales
from edgeattn_export.quantize.recipes.recipe import Treatment
from edgeattn_export.targets.cpu import CANDIDATES
from edgeattn_export.targets.target import Target

FORMS = Forms(
    linears=(INT8, INT8_PER_TOKEN, RESIDUAL_INT8, INT8_STATIC, INT4_BLOCKS),
    others=(embedding_int8, embedding_int4, gelu_tanh),
    finish=(share_quantization, centered_norm, narrow_scales),
)

# tests/bench/bench_paces.py: 32 rows, 384 to 1536 channels and back, one thread of Node 20 with
# onnxruntime-web 1.30 on an Intel Xeon with AMX. Blocks have no wasm kernel: each call dequantizes them.
# What the two techniques add is of MiniLM-L6 whole, at 16 and at 32 tokens.
PACES = {
    INT8.name: 37.0,
    INT8_STATIC.name: 36.0,
    INT8_PER_TOKEN.name: 41.0,
    RESIDUAL_INT8.name: 69.0,
    FLOAT.name: 75.0,
    INT4_BLOCKS.name: 130.0,
    "outlier channels": 5.0,
    "channel splitting": 4.0,
}

WEB = Target(
    name="web",
    engine=ORT_WEB,
    stand_in=ORT_CPU,
    lowerings=(),
    forms=FORMS,
    candidates=replace(CANDIDATES, paces=PACES, smaller=(Treatment(INT4_BLOCKS.name),)),
    needs=f"onnxruntime-web {ORT_WEB.version} or later, its wasm build, in a browser or in Node",
    tested="in Node; in headless Chromium with one thread, with two, and with WebGPU on SwiftShader",
)
