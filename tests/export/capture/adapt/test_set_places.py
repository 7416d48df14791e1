from __future__ import annotations

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_runtime.errors import CaptureError

EXPERTS, WIDTH = 4, 8
TOKENS = (3, 9, 5, 12, 1)
UNSEEN = (2, 30)


class Experts(nn.Module):
    """A mixture that asks those of its experts which were given tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, EXPERTS)
        self.experts = nn.ModuleDict({f"{i}": nn.Linear(WIDTH, WIDTH) for i in range(EXPERTS)})

    def forward(self, x: Tensor) -> Tensor:
        self.router = self.router.to(torch.float32)
        weights, chosen = self.router(x).softmax(-1).topk(2)
        mask = nn.functional.one_hot(chosen, EXPERTS).permute(2, 1, 0)  # (E, 2, S)
        mixed = torch.zeros_like(x)
        for place in (mask.sum((-1, -2)) > 0).nonzero():
            choice, token = torch.where(mask[int(place.item())])
            if token.numel():
                rows = self.experts[f"{place[0]}"](x[token]) * weights[token, choice, None]
                mixed.index_add_(0, token, rows)
        return mixed


class Counted(Experts):
    """Adds to each token for each expert that was given any."""

    def forward(self, x: Tensor) -> Tensor:
        chosen = nn.functional.one_hot(self.router(x).argmax(-1), EXPERTS).sum(0)
        for place in (chosen > 0).nonzero():
            x = x + place
        return x


def inputs(tokens: int) -> dict[str, Tensor]:
    return {"x": torch.randn(tokens, WIDTH, generator=torch.Generator().manual_seed(tokens))}


def test_every_expert_is_asked(exported: Export) -> None:
    torch.manual_seed(0)
    captured, _ = exported(Experts(), [inputs(tokens) for tokens in TOKENS])
    runner = captured.engine.runner(captured.model)
    for tokens in (*TOKENS, *UNSEEN):
        given = {name: value.numpy() for name, value in inputs(tokens).items()}
        expected = captured.reference(given)["output"]
        np.testing.assert_allclose(runner(given)["output"], expected, rtol=1e-5, atol=1e-5)


def test_a_turn_of_its_own_effect_is_refused(exported: Export) -> None:
    torch.manual_seed(0)
    with pytest.raises(CaptureError, match="the exported graph is not the module"):
        exported(Counted(), [inputs(tokens) for tokens in TOKENS])
