"""Apple's Core ML by onnxruntime: 16-bit floats, as its Neural Engine computes, in fixed sizes."""

from __future__ import annotations

from functools import partial

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts.nowhere import Nowhere
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.forms import Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.quantize.forms.whole_float16 import WholeFloat16
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.operators import Operators
from edgeattn_export.targets.target import Target

PROVIDER = "CoreMLExecutionProvider"

CORE_ML = Engine(
    "onnxruntime",
    "1.24",
    (PROVIDER, "CPUExecutionProvider"),
    options={f"{PROVIDER}.ModelFormat": "MLProgram"},  # the format that knows 16-bit floats
    host=Nowhere("an Apple device, with the onnxruntime of iOS or macOS"),
)

COREML = Target(
    name="coreml",
    engine=CORE_ML,
    stand_in=ORT_CPU,
    lowerings=DECOMPOSED,
    forms=Forms((), (embedding_int8,), whole=WholeFloat16()),
    candidates=Candidates.of_floats("float16", embedding_int8.name),  # by the CPU: its list has no Gather
    operators=partial(Operators.of_onnxruntime, "coreml_supported_mlprogram_ops.md", fixed=True),
    opset=OLDEST,
    bucket_limits=BucketLimits(),
    needs="onnxruntime 1.24 or later for iOS or macOS, built with Core ML",
    tested="not run: operators are checked against onnxruntime's own list, answers on a stand-in",
)
