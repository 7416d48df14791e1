"""A model as its owner hands it over, small enough to be exported in a few seconds."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

VOCABULARY = 50
WIDTH = 32
HEADS = 2
LENGTHS = 4 * tuple(range(3, 15))  # enough for a verdict

budget = {"cosine": 0.98, "metric_drop": 0.2}


class Tagger(nn.Module):
    """One attention layer that gives each token a score a tag."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.tags = nn.Linear(WIDTH, 4)

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """Tag ``tokens`` (B, S), of which the mask (B, S) hides the padding; ``tags`` are (B, S, 4)."""
        x = self.embed(tokens)  # (B, S, W)
        q, k, v = (
            layer(x).unflatten(-1, (HEADS, -1)).transpose(1, 2)  # (B, H, S, D)
            for layer in (self.query, self.key, self.value)
        )
        shown = attention_mask.bool()[:, None, None, :]  # (B, 1, 1, S)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=shown)
        return {"tags": self.tags(x + mixed.transpose(1, 2).flatten(2))}  # (B, S, 4)


def model() -> nn.Module:
    torch.manual_seed(0)
    return Tagger().eval()


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    draw = torch.Generator().manual_seed(1)
    for length in LENGTHS:
        tokens = torch.randint(VOCABULARY, (1, length), generator=draw)
        yield {"tokens": tokens, "attention_mask": torch.ones_like(tokens)}, tokens % 4


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    return (outputs["tags"].argmax(-1) == target).float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    return "tags " + " ".join(map(str, outputs["tags"][0].argmax(-1).tolist()))
