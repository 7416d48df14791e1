from __future__ import annotations

import numpy as np
import torch
from fixture_types import Export
from torch import Tensor, nn

COUNTS = (2, 3), (1, 4), (5, 1), (0, 6)
UNSEEN = (3, 0), (7, 2)


class Repeated(nn.Module):
    def forward(self, x: Tensor, counts: Tensor) -> dict[str, Tensor]:
        first, second = counts.tolist()
        tables = x.reshape(2, 2, 3)
        return {
            "own": torch.repeat_interleave(counts).float(),
            "listed": torch.repeat_interleave(counts, output_size=first + second) * 1.5,
            "rows": x.repeat_interleave(counts, 0),
            **{str(axis): tables.repeat_interleave(second + 1, axis) for axis in (0, 1, -1)},
            "flat": x.repeat_interleave(second + 1),
            "twice": tables.repeat_interleave(2, 1),
        }


def inputs(*counts: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(sum(counts))
    return {"x": torch.randn(2, 6, generator=draw), "counts": torch.tensor(counts)}


def test_counts_are_any_numbers(exported: Export) -> None:
    captured, _ = exported(Repeated(), [inputs(*counts) for counts in COUNTS])
    runner = captured.engine.runner(captured.model)
    for counts in (*COUNTS, *UNSEEN):
        given = {name: value.numpy() for name, value in inputs(*counts).items()}
        outputs = runner(given)
        for name, expected in captured.reference(given).items():
            np.testing.assert_array_equal(outputs[name], expected)
