"""OpenVINO on a CPU: static int8 in QDQ, as its compiler fuses it, and what a search tries of it."""

from __future__ import annotations

from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.openvino import LOWERINGS, OPENVINO
from edgeattn_export.lower.openvino.parted_product import PartedProduct
from edgeattn_export.lower.openvino.scaled_product import ScaledProduct
from edgeattn_export.lower.ort_cpu.reference import ORT_QDQ
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import EmbeddingInt8
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ16
from edgeattn_export.quantize.forms.qdq.linear_qdq_symmetric import QDQ8_SYMMETRIC
from edgeattn_export.quantize.forms.qdq.linear_weight_only import QDQ_WEIGHTS
from edgeattn_export.quantize.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.target import Target

FORMS = Forms(
    linears=(QDQ8_SYMMETRIC, QDQ8, QDQ16, QDQ_WEIGHTS),
    others=(EmbeddingInt8(),),
    finish=(PartedProduct(), ScaledProduct()),
)

# Nanoseconds of 1,000 multiply-accumulates: OpenVINO 2025.4 in float32, one core of a Xeon with AMX, the
# layers of MiniLM with 128 rows, see tests/bench/bench_openvino.py. Channels that are split off add up to
# a third of an int8 layer's time: of MiniLM's 12 ms with 128 tokens 0.31 in its first layer, 0.05 in its
# second, by OpenVINO 2026.4 on an AMD EPYC with VNNI.
PACES = {
    QDQ8_SYMMETRIC.name: 2.2,
    QDQ8.name: 2.5,
    "outlier channels": 0.75,
    QDQ_WEIGHTS.name: 6.8,
    QDQ16.name: 7.0,
    FLOAT.name: 17.0,
}

# Not tried: activations of 16 bits, which are computed in float, as `qdq w8` is with less of an error.
_SMOOTHINGS = (0.6, 0.7, 0.8)
_SYMMETRIC = tuple(Treatment(QDQ8_SYMMETRIC.name, (("smoothing", exponent),)) for exponent in _SMOOTHINGS)
_SMOOTHED = tuple(Treatment(QDQ8.name, (("smoothing", exponent),)) for exponent in _SMOOTHINGS)
_RANGED = tuple(
    Treatment(QDQ8.name, (("smoothing", 0.7), observer))
    for observer in (("least-error range", 0.05), ("percentile range", 0.99999), ("entropy range", 0.3))
)
_OUTLIERS_OFF = Treatment(QDQ8.name, (("outlier channels", 0.4),))

CANDIDATES = Candidates(
    plain=Recipe("static-int8", ((EVERY, _SYMMETRIC[1]),), ("int8 rows",)),
    fast=(_SYMMETRIC[1], _SYMMETRIC[0], _SYMMETRIC[2]),
    behind_activation=(_OUTLIERS_OFF,),
    elsewhere=(),
    more_exact=(*_SMOOTHED, *_RANGED, Treatment(FLOAT.name)),
    most_exact=(Treatment(QDQ_WEIGHTS.name),),
    smaller=(),
    static=(),
    few=(_SYMMETRIC[1], _SMOOTHED[1], _OUTLIERS_OFF, Treatment(QDQ_WEIGHTS.name), Treatment(FLOAT.name)),
    rounding=("rounding", 0.1),
    embeddings=("int8 rows",),
    smaller_embeddings=(),
    others=(),
    paces=PACES,
)

OPENVINO_CPU = Target(
    name="openvino",
    engine=OPENVINO,
    stand_in=ORT_QDQ,
    lowerings=LOWERINGS,
    forms=FORMS,
    candidates=CANDIDATES,
    opset=OLDEST,
    needs="onnxruntime-openvino 1.24 or later on an x86-64 or arm64 CPU",
    tested="natively on x86-64 with AMX; emulated on x86-64 without VNNI",
)
