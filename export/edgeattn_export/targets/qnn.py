"""Qualcomm's Hexagon by onnxruntime's QNN: integers, fixed sizes, one graph handed over whole."""

from __future__ import annotations

from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment
from edgeattn_export.lower.decomposed import DECOMPOSED
from edgeattn_export.lower.decomposed.opset import OLDEST
from edgeattn_export.lower.fixed import BucketLimits
from edgeattn_export.lower.ort_cpu import ORT_QDQ
from edgeattn_export.quantize.forms import FLOAT, Forms
from edgeattn_export.quantize.forms.qdq.equalized_product import UNEQUALIZED
from edgeattn_export.quantize.forms.qdq.linear_qdq import QDQ8, QDQ_WEIGHTS
from edgeattn_export.quantize.forms.qdq.table import TABLE8, TABLE16
from edgeattn_export.quantize.forms.qdq.whole import WholeQdq
from edgeattn_export.quantize.layers.layout import ChannelsLast
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment
from edgeattn_export.search.candidates import Candidates
from edgeattn_export.targets.target import Target

PROVIDER = "QNNExecutionProvider"
SOC_MODEL = f"{PROVIDER}.soc_model"
SM8550, SM8650 = 43, 57  # Snapdragon 8 of the generations 2 and 3

EMULATOR = Elsewhere(
    PythonEnvironment("qnn", ("onnxruntime>=1.32", "onnxruntime-qnn>=2.7", "numpy", "safetensors")),
    emulated=True,
    options={SOC_MODEL: SM8650},  # which a device knows of itself
)

HTP = Engine(
    "onnxruntime",
    "1.32",  # the first that takes QNN as a plug-in of the package's second generation
    (PROVIDER, "CPUExecutionProvider"),
    options={f"{PROVIDER}.backend_type": "htp"},
    host=EMULATOR,
)

_EIGHT, _SIXTEEN = Treatment(QDQ8.name), Treatment(QDQ_WEIGHTS.name)
_SMOOTHED = Treatment(QDQ8.name, (("smoothing", 0.5),))
_OUTLIERS_OFF = Treatment(QDQ8.name, (("outlier channels", 0.4),))

CANDIDATES = Candidates(
    plain=Recipe("w8a8-qdq", ((EVERY, _EIGHT),), (TABLE8.name,)),
    fast=(_EIGHT,),
    behind_activation=(_OUTLIERS_OFF,),
    elsewhere=(_SMOOTHED,),
    more_exact=(_SIXTEEN, Treatment(FLOAT.name)),
    most_exact=(_SIXTEEN,),
    few=(_EIGHT, _OUTLIERS_OFF, _SIXTEEN, Treatment(FLOAT.name)),
    embeddings=(TABLE8.name, TABLE16.name),
    corrections=(UNEQUALIZED.name,),
    aim=(0.99, 0.98),  # beyond it weights of 16 bits: twice the size and the time
    # Products of 8 bits are the unit: a 16-bit number is two of 8, and float layers have 16-bit weights. The
    # few channels that are split off add a quarter, as if a sixteenth of all had 16 bits on either side.
    paces={QDQ8.name: 1.0, "outlier channels": 0.25, QDQ_WEIGHTS.name: 2.0, FLOAT.name: 4.0},
)

QNN = Target(
    name="qnn",
    engine=HTP,
    stand_in=ORT_QDQ,
    lowerings=DECOMPOSED,
    forms=Forms(
        (QDQ8, QDQ_WEIGHTS), (TABLE8, TABLE16, UNEQUALIZED), whole=WholeQdq(), layouts=(ChannelsLast,)
    ),
    candidates=CANDIDATES,
    opset=OLDEST,
    bucket_limits=BucketLimits(),
    needs="onnxruntime 1.32 or later with onnxruntime-qnn 2.7 or later, and a Snapdragon with a Hexagon HTP",
    tested="by QNN's own emulator of Hexagon on x86-64: answers and placement, no times",
)
