"""The targets, one a file: the engine, its lowerings and forms, and what each adds to a bundle."""

from collections.abc import Mapping

from edgeattn_export.targets.coreml import COREML
from edgeattn_export.targets.cpu import CPU
from edgeattn_export.targets.lowered import ForTarget, for_target
from edgeattn_export.targets.minimal import MINIMAL
from edgeattn_export.targets.openvino import OPENVINO_CPU
from edgeattn_export.targets.target import Target

TARGETS: Mapping[str, Target] = {target.name: target for target in (CPU, MINIMAL, OPENVINO_CPU, COREML)}

__all__ = ["TARGETS", "ForTarget", "Target", "for_target"]
