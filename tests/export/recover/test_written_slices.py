from __future__ import annotations

import torch
from rewritten import Layered, Rewritten, RuleTests
from torch import Tensor

from edgeattn_export.recover.rules.written_slices import add_to_whole


def _to_the_end(x: Tensor) -> Tensor:
    x[:, 1:] += x[:, 1:].cos()
    return x


def _of_two_axes(x: Tensor) -> Tensor:
    x[:, 1:, 2:] += x[:, 1:, 2:].cos()
    return x


def _inside(x: Tensor) -> Tensor:
    x[..., 2:5] += x[..., 2:5].cos()
    return x


def _replaced(x: Tensor) -> Tensor:
    x[:, 1:] = x[:, 1:].cos()
    return x


def _multiplied(x: Tensor) -> Tensor:
    x[:, 1:] *= x[:, 1:].cos()
    return x


def _one_for_all(x: Tensor) -> Tensor:
    x[:, 1:] += x[:, :1].cos()
    return x


def _turned(x: Tensor) -> Tensor:
    return torch.cat([x[:, 1:] + x[:, 1:].cos(), x[:, :1]], 1)


def _beginning(x: Tensor) -> Tensor:
    x[:, :2] += x[:, :2].cos()
    return x


FIRES = {"to_the_end": _to_the_end, "of_two_axes": _of_two_axes, "inside": _inside}
OTHERS = {
    "replaced": _replaced,
    "multiplied": _multiplied,
    "turned": _turned,
    "one_for_all": _one_for_all,
    "beginning": _beginning,  # of a length that is not known: neither is the padding
}


class TestWrittenSlices(RuleTests):
    rule, part, fires, others = add_to_whole, Layered, FIRES, OTHERS
    sizes = ({"batch": 1, "sequence": 3}, {"batch": 3, "sequence": 7})

    def test_fires_where_it_should_and_nowhere_else(self, rewritten: Rewritten) -> None:
        for operator, parts in (("Pad", FIRES), ("Concat", OTHERS)):
            assert {part for part in {**FIRES, **OTHERS} if operator in rewritten.after(part)} == set(parts)

    def test_a_slice_is_written_without_scattering(self, rewritten: Rewritten) -> None:
        assert not any(node.op_type.startswith("Scatter") for node in rewritten.captured.model.graph)
