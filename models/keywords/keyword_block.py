"""What both keyword transformers are stacked of."""

from __future__ import annotations

from torch import Tensor, nn


class Block(nn.Module):
    """A pre-norm transformer block: attention, then an MLP, each added to what came in.

    Args:
        width: Of a token.
        hidden: Inside the MLP.
        attention: Mixes the tokens (B, S, W).
    """

    def __init__(self, width: int, hidden: int, attention: nn.Module) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = attention
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        """Refine the tokens `x` (B, S, W); the shape stays."""
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))
