"""A linear layer in dynamic int8 whose weights use 7 bits: no input can make it saturate on x86 without VNNI.

Before: x W + b
After:  DynamicQuantizeMatMul(x, W_s8, scale, , b),   |W_s8| at most 64: 255 * 64 + 255 * 64 fits 16 bits

onnxruntime's own quantization calls it ``reduce_range``.
"""

from __future__ import annotations

from edgeattn_export.quantize.forms.ort_cpu.linear_int8 import LinearInt8
from edgeattn_export.quantize.pairs import LARGEST_SUM

INT7 = LinearInt8("int7", levels=LARGEST_SUM // 2, paired=False)
