"""OpenVINO on a CPU: static int8 in QDQ, as its compiler fuses it, and what a search tries of it."""

from __future__ import annotations

from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.openvino import OPENVINO
from edgeattn_export.lower.openvino.parted_product import part_product
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.ort_cpu.embedding_int8 import embedding_int8
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ16, QDQ_WEIGHTS
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.target import Target

FORMS = Forms(
    linears=(QDQ8, QDQ16, QDQ_WEIGHTS),
    others=(embedding_int8,),
    finish=(part_product,),
)

# Nanoseconds of 1,000 multiply-accumulates: OpenVINO 2025.4 in float32, one core of an Intel Xeon with
# VNNI, no AMX, see tests/bench/bench_paces.py. Activations of s8 are no form here: they are less exact,
# and take 5.4, as VNNI multiplies u8 by s8; only AMX is faster with them, 2.2 where u8 takes 2.5. Channels
# that are split off cost 0.45 of MiniLM's 9.7 ms with 128 tokens, in the second layer of each of its six
# blocks.
PACES = {
    QDQ8.name: 4.6,
    "outlier channels": 1.0,
    QDQ_WEIGHTS.name: 8.5,
    QDQ16.name: 8.3,
    FLOAT.name: 15.0,
}

_SMOOTHED = tuple(Treatment(QDQ8.name, (("smoothing", exponent),)) for exponent in (0.7, 0.6, 0.8))
_RANGED = tuple(
    Treatment(QDQ8.name, (("smoothing", 0.7), observer))
    for observer in (("least-error range", 0.05), ("percentile range", 0.99999), ("entropy range", 0.3))
)
_OUTLIERS_OFF = Treatment(QDQ8.name, (("outlier channels", 0.4),))

CANDIDATES = Candidates(
    plain=Recipe("static-int8", ((EVERY, _SMOOTHED[0]),), ("int8 rows",)),
    fast=_SMOOTHED,
    behind_activation=(_OUTLIERS_OFF,),
    more_exact=(*_RANGED, Treatment(FLOAT.name)),
    most_exact=(Treatment(QDQ_WEIGHTS.name),),
    few=(_SMOOTHED[0], _OUTLIERS_OFF, Treatment(QDQ_WEIGHTS.name), Treatment(FLOAT.name)),
    embeddings=("int8 rows",),
    paces=PACES,
)

OPENVINO_CPU = Target(
    name="openvino",
    engine=OPENVINO,
    stand_in=ORT_QDQ,
    lowerings=DECOMPOSED,
    forms=FORMS,
    candidates=CANDIDATES,
    opset=OLDEST,
    needs="onnxruntime-openvino 1.24 or later on an x86-64 or arm64 CPU",
    tested="natively on x86-64 with AMX and with only VNNI; emulated on x86-64 without VNNI",
)
