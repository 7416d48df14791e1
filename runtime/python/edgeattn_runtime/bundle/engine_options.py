"""The only options that a bundle, or a host, may hand to onnxruntime.

Some of the engine's options are addresses that it calls, libraries that it loads or files that it reads and
writes, by names that say nothing of it. To allow another one: here, in manifest.schema.json, in the core's
options.hpp and in runtime/README.md, which a test compares.
"""

from __future__ import annotations

import re
from typing import Final

from edgeattn_runtime.errors import BundleError
from edgeattn_runtime.fields import Field, Scalar

KERNELS_OPTION: Final = (
    "edgeattn.kernels"  # of an engine whose graphs hold nodes for kernels: their domain's version
)
ENGINES: Final = ("onnxruntime", "onnxruntime-web")  # whose options these are
OPTIONS: Final = (
    KERNELS_OPTION,
    "session.dynamic_block_base",
    "session.qdq_matmulnbits_accuracy_level",
    "session.set_denormal_as_zero",
    "CoreMLExecutionProvider.AllowLowPrecisionAccumulationOnGPU",
    "CoreMLExecutionProvider.MLComputeUnits",
    "CoreMLExecutionProvider.ModelFormat",
    "OpenVINOExecutionProvider.device_type",
    "OpenVINOExecutionProvider.precision",
    "QNNExecutionProvider.backend_type",
    "QNNExecutionProvider.enable_htp_fp16_precision",
    "QNNExecutionProvider.htp_arch",
    "QNNExecutionProvider.htp_performance_mode",
    "QNNExecutionProvider.soc_model",
)
_WORD = re.compile("[A-Za-z0-9_]+")


def options_of(field: Field) -> dict[str, Scalar]:
    """Read options of onnxruntime; raises BundleError."""
    options = field.table()
    for name, item in options.items():
        if name not in OPTIONS:
            raise BundleError(f"{item.key}: unknown option; expected {', '.join(OPTIONS)}")
    return {name: _value(item) for name, item in options.items()}


def _value(field: Field) -> Scalar:
    expected = "a number, true, false or a word of A-Z a-z 0-9 _"
    return field.text(_WORD, expected) if isinstance(field.value, str) else field.scalar()
