from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture.adapt.own_names import meaning
from edgeattn_export.capture.adapt.symbolic_builtins import SYMBOLIC_SIZES


class Queries(nn.Module):
    """Gives each sample of a batch the same queries, as detectors do."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.queries = nn.Parameter(torch.randn(1, 3, 4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        queries = self.queries.expand(len(x), -1, -1)  # (batch, 3, 4)
        return self.attention(queries, x, x)[0] / len([x])


def test_a_first_axis_stays_dynamic(exported: Export) -> None:
    captured, _ = exported(Queries(), [{"x": torch.randn(2, length, 4)} for length in (3, 5, 8)])
    assert not captured.notes  # of another strategy, which a plain number would need
    runner = captured.engine.runner(captured.model)
    for batch in (1, 2, 5):
        given = {"x": torch.randn(batch, 6, 4).numpy()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=1e-5, atol=1e-5)


def test_outside_and_of_all_else_it_is_python_s_own() -> None:
    with meaning(Queries(), SYMBOLIC_SIZES):
        assert len("abc") == 3
        assert len(torch.zeros(5, 2)) == 5
        with pytest.raises(TypeError, match="0-d"):
            len(torch.tensor(1.0))
    assert "len" not in globals()
