"""The targets, one a file: the engine, its lowerings and its forms.

How to add one:

1. A file here with one frozen ``Target``: its engine, the lowerings that the engine is fast at, the forms
   that it has kernels for, the ``Candidates`` that a search tries, and in words what a device needs and how
   the target was tested. ``dataclasses.replace`` of another target says best where the two differ.
2. Where the engine is not one of this process: a ``stand_in``, which proves rewrites and calibrates. Where it
   takes only fixed sizes: ``bucket_limits``. Where its execution provider documents what it takes:
   ``operators``.
3. Its name in ``TARGETS``.
4. A test in tests/export/targets/, and a row in docs/targets.md.
"""

from collections.abc import Mapping

from edgeattn_export.targets.buckets import Bucket, buckets_of, sizes_for
from edgeattn_export.targets.coreml import COREML
from edgeattn_export.targets.cpu import CPU
from edgeattn_export.targets.cpu_1_21 import CPU_1_21
from edgeattn_export.targets.lowered import LoweredGraphs, lower_for
from edgeattn_export.targets.openvino import OPENVINO_CPU
from edgeattn_export.targets.qnn import QNN
from edgeattn_export.targets.qnn_compiled import QNN_SM8550, QNN_SM8650
from edgeattn_export.targets.target import Target
from edgeattn_export.targets.web import WEB
from edgeattn_export.targets.xnnpack import XNNPACK_CPU

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        CPU,
        CPU_1_21,
        WEB,
        OPENVINO_CPU,
        QNN,
        QNN_SM8550,
        QNN_SM8650,
        COREML,
        XNNPACK_CPU,
    )
}

ON = "-on-"  # between a target and the device that its variant was measured on


def target_of(name: str) -> Target | None:
    """Return the target of a variant, such as "cpu" or "cpu-on-pi4"; None of one that is not known."""
    return TARGETS.get(name.partition(ON)[0])


__all__ = [
    "ON",
    "TARGETS",
    "Bucket",
    "LoweredGraphs",
    "Target",
    "buckets_of",
    "lower_for",
    "sizes_for",
    "target_of",
]
