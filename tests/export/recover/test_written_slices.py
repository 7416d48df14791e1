from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.recover.rules.written_slices import add_to_whole


class Writing(nn.Module):
    """A linear layer, and slices of its output that are written."""

    def __init__(self, write: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.write = nn.Linear(8, 8), write

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.write(self.linear(x))  # (B, S, W)


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


@pytest.fixture(scope="module")
def written(rewrite: Rewrite) -> Rewritten:
    return rewrite(add_to_whole, parts_of(Writing, {**FIRES, **OTHERS}))


@pytest.mark.parametrize("part", FIRES)
def test_fires(part: str, written: Rewritten) -> None:
    operators = written.after(part)
    assert "Concat" not in operators
    assert "Pad" in operators


@pytest.mark.parametrize("part", OTHERS)
def test_leaves_others(part: str, written: Rewritten) -> None:
    operators = written.after(part)
    assert "Concat" in operators
    assert "Pad" not in operators


@pytest.mark.parametrize(("batch", "sequence"), [(1, 3), (3, 7)])
def test_answers_as_pytorch(batch: int, sequence: int, written: Rewritten) -> None:
    assert written.unlike(batch=batch, sequence=sequence) == {}


def test_a_slice_is_written_without_scattering(written: Rewritten) -> None:
    assert not any(node.op_type.startswith("Scatter") for node in written.captured.model.graph)
