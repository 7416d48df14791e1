"""onnxruntime on a CPU: the forms that its kernels compute, and what a search tries of them."""

from __future__ import annotations

from edgeattn_export.lower.ort_cpu import LOWERINGS, ORT_CPU
from edgeattn_export.lower.ort_cpu.flat_sum import flat_sum
from edgeattn_export.lower.ort_cpu.shared_quantization import share_quantization
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int4 import embedding_int4
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import gelu_tanh
from edgeattn_export.quantize.forms.ort_cpu.kernel.attention import attention_body, kernel_attention
from edgeattn_export.quantize.forms.ort_cpu.kernel.embedding import embedding_body, kernel_embedding
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import (
    kernel_activation,
    kernel_norm,
    kernel_residual,
    kernel_smoothing,
)
from edgeattn_export.quantize.forms.ort_cpu.kernel.gate import kernel_gate
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_attention import (
    int8_attention_body,
    kernel_int8_attention,
)
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import int8_linear_body
from edgeattn_export.quantize.forms.ort_cpu.kernel.linear_kernel import (
    KERNEL_INT4_BLOCKS,
    KERNEL_INT4_BLOCKS_OF_64,
    KERNEL_INT8,
    KERNEL_INT8_PER_TOKEN,
    KERNEL_RESIDUAL_INT8,
)
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import (
    INT4_BLOCKS,
    INT4_BLOCKS_OF_64,
)
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import INT8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import INT8_PER_TOKEN
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import INT8_STATIC
from edgeattn_export.quantize.forms.ort_cpu.linear_residual_int8 import RESIDUAL_INT8
from edgeattn_export.quantize.forms.ort_cpu.narrow_scales import narrow_scales
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import Candidates, Kernels
from edgeattn_export.targets.target import Target

FORMS = Forms(
    linears=(
        INT8,
        INT8_PER_TOKEN,
        RESIDUAL_INT8,
        INT8_STATIC,
        INT4_BLOCKS,
        INT4_BLOCKS_OF_64,
        KERNEL_INT8,
        KERNEL_INT8_PER_TOKEN,
        KERNEL_RESIDUAL_INT8,
        KERNEL_INT4_BLOCKS,
        KERNEL_INT4_BLOCKS_OF_64,
    ),
    others=(
        embedding_int8,
        embedding_int4,
        gelu_tanh,
        kernel_embedding,
        kernel_int8_attention,
        kernel_attention,
    ),
    finish=(
        kernel_smoothing,
        kernel_activation,
        kernel_gate,
        share_quantization,
        flat_sum,
        kernel_residual,
        kernel_norm,
        narrow_scales,
    ),
    bodies={
        "Int8Linear": int8_linear_body,
        "Attention": attention_body,
        "Embedding": embedding_body,
        "Int8Attention": int8_attention_body,
    },
)

_PLAIN = Treatment(INT8.name)
_SMOOTHED = tuple(Treatment(INT8.name, (("smoothing", exponent),)) for exponent in (0.6, 0.7, 0.8))
# Those that reach two and a half times as far as the median one.
_OUTLIERS_OFF = Treatment(INT8.name, (("outlier channels", 0.4),))
# As far as 0.7 or 0.5 of the median one, with the smoothing that leaves few channels to split.
_SPLIT = tuple(
    Treatment(INT8.name, (("smoothing", exponent), ("channel splitting", share)))
    for exponent, share in ((0.7, 0.7), (0.4, 0.5))
)
# For activations rounded by row in stock operators. With weights rounded by the layer's output it is the best
# of 0.4 to 0.7 on MiniLM: worst cosine .99736, where 0.5 has .99643. The kernel keeps outliers apart, and has
# .99897 at worst on the selection samples with 0.6, .99919 with 0.5.
_MILDLY = (("smoothing", 0.6),)
_HALF = (("smoothing", 0.5),)  # for forms whose activations are exact enough to spare the weights

DYNAMIC_INT8 = Recipe("dynamic-int8", ((EVERY, _PLAIN),), ("int8 rows", "gelu tanh"))

CANDIDATES = Candidates(
    plain=DYNAMIC_INT8,
    fast=(_PLAIN, *_SMOOTHED),
    behind_activation=(_OUTLIERS_OFF,),
    elsewhere=_SPLIT,
    more_exact=(
        Treatment(INT8_PER_TOKEN.name),
        Treatment(INT8_PER_TOKEN.name, _MILDLY),
        Treatment(FLOAT.name),
    ),
    most_exact=(Treatment(RESIDUAL_INT8.name), Treatment(RESIDUAL_INT8.name, _HALF)),
    smaller=(Treatment(INT4_BLOCKS_OF_64.name), Treatment(INT4_BLOCKS.name)),
    static=(Treatment(INT8_STATIC.name), Treatment(INT8_STATIC.name, (("smoothing", 0.7),))),
    few=(
        _PLAIN,
        _OUTLIERS_OFF,
        _SMOOTHED[1],
        _SPLIT[0],
        Treatment(INT8_PER_TOKEN.name),
        Treatment(FLOAT.name),
    ),
    careful=(("refit", 1.0), ("clipping", 0.5), ("rounding", 0.1), ("bias correction", 1.0)),
    rule=(Treatment(INT8_PER_TOKEN.name, _MILDLY),),  # exact enough for most models as it is
    embeddings=("int8 rows",),
    smaller_embeddings=("int4 rows",),
    others=("gelu tanh",),
)

_KERNELS = Kernels(
    layers=(
        Treatment(KERNEL_INT8.name),
        *(Treatment(KERNEL_INT8.name, each.techniques) for each in (*_SMOOTHED, _OUTLIERS_OFF)),
        Treatment(KERNEL_INT8_PER_TOKEN.name),
        Treatment(KERNEL_INT8_PER_TOKEN.name, _MILDLY),
        Treatment(KERNEL_RESIDUAL_INT8.name, _HALF),
        Treatment(KERNEL_INT4_BLOCKS_OF_64.name),
        Treatment(KERNEL_INT4_BLOCKS.name),
    ),
    rewrites=(kernel_embedding.name, kernel_int8_attention.name, kernel_attention.name),
    rule=(
        Treatment(KERNEL_INT8_PER_TOKEN.name, _MILDLY),
        Treatment(KERNEL_RESIDUAL_INT8.name, _HALF),
    ),
)

CPU = Target(
    name="cpu",
    engine=ORT_CPU,
    lowerings=LOWERINGS,
    forms=FORMS,
    candidates=CANDIDATES,
    kernels=_KERNELS,
    needs="onnxruntime 1.28 or later on a 64-bit CPU",
    tested="natively on x86-64; emulated on x86-64 with VNNI and without it, and on four kinds of arm64",
)
