"""onnxruntime before 1.28 on a CPU: what Debian 13 gives boards, and the Swift package gives apps.

Its int8 kernels are those of ``cpu``, bit for bit; every later release runs its graphs too.
"""

from __future__ import annotations

from dataclasses import replace

from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.ort_1_21 import LOWERINGS, ORT_1_21
from edgeattn_export.lower.ort_cpu.flat_sum import flat_sum
from edgeattn_export.lower.ort_cpu.shared_quantization import share_quantization
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT4_BLOCKS, INT4_BLOCKS_OF_64
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import INT8_STATIC
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.forms.ort_cpu.narrow_scales import narrow_scales
from edgeattn_export.search.candidates import NO_KERNELS
from edgeattn_export.targets.cpu import CPU

FORMS = Forms(
    linears=(INT8, INT8_PER_TOKEN, RESIDUAL_INT8, INT8_STATIC, INT4_BLOCKS, INT4_BLOCKS_OF_64),
    others=(embedding_int8, gelu_tanh),  # its GatherBlockQuantized takes no bytes
    finish=(share_quantization, flat_sum, narrow_scales),
)

CPU_1_21 = replace(
    CPU,
    name="cpu-1.21",
    engine=ORT_1_21,
    stand_in=CPU.engine,
    lowerings=LOWERINGS,
    forms=FORMS,
    candidates=replace(CPU.candidates, smaller_embeddings=()),
    kernels=NO_KERNELS,
    opset=OLDEST,
    needs="onnxruntime 1.21 or later; on an x86-64 CPU with AMX 1.25 or later",
    tested="onnxruntime 1.21.0 on x86-64; Debian's on emulated armhf, arm64, riscv64 and amd64",
)
