"""PyTorch's own translations of its operators to ONNX, gathered once a process.

``torch.onnx.export`` gathers them at every call, from the source text of some 500 functions: a quarter of the
time that a small module takes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from copy import copy
from functools import cache
from unittest import mock

from torch.onnx._internal.exporter._registration import ONNXRegistry

_gathered = cache(ONNXRegistry.from_torchlib)


def gathered_once() -> AbstractContextManager[object]:
    """Inside the block, what was gathered before is taken; each export adds its own to a copy."""
    return mock.patch.object(ONNXRegistry, "from_torchlib", staticmethod(_copied))


def _copied(**asked: int) -> ONNXRegistry:
    registry = copy(_gathered(**asked))
    registry.functions = {operator: list(ways) for operator, ways in registry.functions.items()}
    return registry
