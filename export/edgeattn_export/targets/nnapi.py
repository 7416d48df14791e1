"""Android's NNAPI by onnxruntime, which Android 15 deprecates: static int8 in QDQ, in fixed sizes."""

from __future__ import annotations

from functools import partial

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts.nowhere import Nowhere
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import EmbeddingInt8
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8
from edgeattn_export.quantize.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.operators import Operators
from edgeattn_export.targets.target import Target

NEURAL_NETWORKS = Engine(
    "onnxruntime",
    "1.24",
    ("NnapiExecutionProvider", "CPUExecutionProvider"),
    host=Nowhere("an Android device, with the onnxruntime of Android"),
)

_PLAIN = Treatment(QDQ8.name)
_SMOOTHED = tuple(Treatment(QDQ8.name, (("smoothing", exponent),)) for exponent in (0.6, 0.7, 0.8))
_FLOAT = Treatment(FLOAT.name)
_ROWS = EmbeddingInt8()

NNAPI = Target(
    name="nnapi",
    engine=NEURAL_NETWORKS,
    stand_in=ORT_QDQ,
    lowerings=DECOMPOSED,
    forms=Forms((QDQ8,), (_ROWS,)),
    candidates=Candidates(
        plain=Recipe("static-int8", ((EVERY, _SMOOTHED[1]),), (_ROWS.name,)),
        fast=(_PLAIN, *_SMOOTHED),
        behind_activation=(),
        elsewhere=(),
        more_exact=(_FLOAT,),
        most_exact=(_FLOAT,),
        smaller=(),
        static=(),
        few=(_PLAIN, _SMOOTHED[1], _FLOAT),
        rounding=("rounding", 0.1),
        embeddings=(_ROWS.name,),
        smaller_embeddings=(),
        others=(),
        paces={QDQ8.name: 1.0, FLOAT.name: 4.0},
    ),
    operators=partial(Operators.of_onnxruntime, "nnapi_supported_ops.md", fixed=True),
    opset=OLDEST,
    bucket_limits=BucketLimits(),
    needs="onnxruntime 1.24 or later for Android, built with NNAPI",
    tested="not run: operators are checked against onnxruntime's own list, answers on a stand-in",
)
