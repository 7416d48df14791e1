"""Weights that something is added to before they meet the values, as in molecule transformers."""

from __future__ import annotations

from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.recover.rules.attention.attention import recover_attention


class Molecule(nn.Module):
    """Attention whose weights are mixed with an adjacency (Maziarka et al. 2020, equation 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        query, key, value = (
            part(x).unflatten(-1, (2, 4)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        adjacency = seen.to(x.dtype)[:, None, :, None] * seen.to(x.dtype)[:, None, None, :]
        weights = (query @ key.transpose(-2, -1) / 2).softmax(-1)
        return self.mixed(weights, adjacency, value).transpose(1, 2).flatten(2)

    def mixed(self, weights: Tensor, adjacency: Tensor, value: Tensor) -> Tensor:
        return (0.3 * weights + 0.7 * adjacency) @ value


class Apart(Molecule):
    """The same, as the reason says."""

    def mixed(self, weights: Tensor, adjacency: Tensor, value: Tensor) -> Tensor:
        return 0.3 * (weights @ value) + 0.7 * (adjacency @ value)


def test_the_reason_says_what_would_do(side_by_side: Export) -> None:
    captured, _ = side_by_side({"molecule": Molecule, "apart": Apart})
    applied = apply(recover_attention, captured.model.clone())
    (site,), (refused,) = applied.sites, applied.refused
    assert "apart" in site.module
    assert "molecule" in refused.module
    assert refused.reason == (
        "its weights go through Add, Mul before they meet the values; the operator has none between: "
        "multiply the values by what is added in a product of its own, a * (weights @ v) + b @ v"
    )
