"""The forms that a recipe may give a layer, by name: of linear layers, and rewrites of what is none."""

from collections.abc import Mapping
from typing import Any

from edgeattn_export.graph.rule import Rule
from edgeattn_export.quantize.forms.ort_cpu.embedding_int4 import EmbeddingInt4
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import EmbeddingInt8
from edgeattn_export.quantize.forms.ort_cpu.gelu_tanh import GeluTanh
from edgeattn_export.quantize.forms.ort_cpu.linear_blocks import INT4_BLOCKS, INT8_BLOCKS
from edgeattn_export.quantize.forms.ort_cpu.linear_int7 import INT7
from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import LinearInt8
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_per_token import LinearInt8PerToken
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_residual import LinearInt8Twice
from edgeattn_export.quantize.forms.ort_cpu.linear_int8_static import LinearInt8Static
from edgeattn_export.quantize.write_linear import LinearForm

_LINEAR: tuple[LinearForm, ...] = (
    LinearInt8(),
    LinearInt8PerToken(),
    INT7,
    LinearInt8Twice(),
    LinearInt8Static(),
    INT8_BLOCKS,
    INT4_BLOCKS,
)
_REWRITES: tuple[Rule[Any], ...] = (EmbeddingInt8(), EmbeddingInt4(), GeluTanh())

LINEAR_FORMS: Mapping[str, LinearForm] = {form.name: form for form in _LINEAR}
REWRITES: Mapping[str, Rule[Any]] = {rewrite.name: rewrite for rewrite in _REWRITES}

__all__ = ["LINEAR_FORMS", "REWRITES", "LinearForm"]
