from __future__ import annotations

import torch
from torch.onnx._internal.exporter._registration import ONNXRegistry

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.capture.translations import gathered_once

ADD = torch.ops.aten.add.Tensor


def gathered() -> ONNXRegistry:
    return ONNXRegistry.from_torchlib(opset_version=OPSET)


def test_they_are_pytorchs_own() -> None:
    own = gathered()
    with gathered_once():
        kept = gathered()
    assert kept.opset_version == own.opset_version == OPSET
    assert {target: len(ways) for target, ways in kept.functions.items()} == {
        target: len(ways) for target, ways in own.functions.items()
    }


def test_they_are_gathered_once_and_what_one_export_adds_is_not_anothers() -> None:
    with gathered_once():
        first = gathered()
        own = first.get_decomps(ADD)
        first.register_op(ADD, lambda x, y: x)
        assert len(first.get_decomps(ADD)) == len(own) + 1
        again = gathered().get_decomps(ADD)
    assert [id(way) for way in again] == [id(way) for way in own]
