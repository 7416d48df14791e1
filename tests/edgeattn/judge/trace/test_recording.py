from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgeattn.judge.trace.recording import Origin, recorded
from edgeattn_export.capture.original.reference import Reference


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.drop(x) - 1)


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        first = self.inner(x * 2)
        return {"y": self.inner(first + 0.5)}


def test_each_tensor_is_seen_once_by_who_computed_it() -> None:
    x = np.array([[0.25, 1.0, 3.0]], np.float32)
    found = recorded(Reference(Outer().eval()), {"x": x})
    places = [
        Origin("", "inner", "input", 0, 0),  # x * 2, which the dropout returns as it is
        Origin("inner", "inner.act", "input", 0, 0),
        Origin("inner.act", "inner.act", "output", 0, 0),  # written into the same tensor
        Origin("", "inner", "input", 1, 0),
        Origin("inner", "inner.act", "input", 1, 0),
        Origin("inner.act", "inner.act", "output", 1, 0),
    ]
    assert list(found) == places
    np.testing.assert_array_equal(found[places[0]], x * 2)
    np.testing.assert_array_equal(found[places[1]], x * 2 - 1)
    np.testing.assert_array_equal(found[places[2]], np.maximum(x * 2 - 1, 0))


def test_nothing_listens_afterwards() -> None:
    module = Outer().eval()
    recorded(Reference(module), {"x": np.ones((1, 3), np.float32)})
    assert not any(it._forward_hooks or it._forward_pre_hooks for it in module.modules())


def test_integers_are_left_out() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.same = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            return self.same(x.to(torch.int64)).to(torch.float32)

    (place,) = recorded(Reference(Counts().eval()), {"x": np.ones((2, 2), np.float32)})
    assert place == Origin("", "", "output", 0, 0)
