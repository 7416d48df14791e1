"""XNNPACK: fixed sizes, and float, as onnxruntime hands it no matrix product in int8.

It would answer a dynamic batch with one row, without an error.
"""

from __future__ import annotations

from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.lower.xnnpack import LOWERINGS, XNNPACK
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.target import Target

XNNPACK_CPU = Target(
    name="xnnpack",
    engine=XNNPACK,
    stand_in=ORT_CPU,
    lowerings=LOWERINGS,
    forms=Forms(linears=(), others=(embedding_int8,)),
    candidates=Candidates.of_floats("float", embedding_int8.name),
    opset=OLDEST,
    bucket_limits=BucketLimits(),
    needs="onnxruntime 1.21 or later, built with XNNPACK",
    tested="Debian's onnxruntime 1.21 on x86-64",
)
