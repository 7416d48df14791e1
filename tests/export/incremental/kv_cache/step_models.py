"""Small decoders of many forms, and models without a step form."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import decoder_parts as parts
import torch
from decoder_parts import HEADS, SIZE, WIDTH, distances, scaled_scores
from draws import drawn_seed
from torch import Tensor, nn

VOCABULARY = 40
PADDING = 0
POSITIONS = 24  # of GPT-2

Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


class Block(nn.Module):
    """Attention and an MLP; ``mix`` makes (B, H, S, D) of a query like it, keys and values (B, G, S, D)."""

    def __init__(self, mix: Mix, key_heads: int) -> None:
        super().__init__()
        self.query, self.output = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.key, self.value = (nn.Linear(WIDTH, key_heads * SIZE) for _ in range(2))
        self.up, self.down = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.mix = mix

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        q, k, v = (
            layer(y).unflatten(-1, (-1, SIZE)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        x = x + self.output(self.mix(q, k, v).transpose(1, 2).flatten(2))  # (B, S, W)
        return x + self.down(nn.functional.gelu(self.up(x)))


class Decoder(nn.Module):
    """Blocks of one kind; ``place`` gives positions to (B, S, W)."""

    def __init__(
        self, mix: Mix, place: Callable[[Tensor], Tensor], key_heads: int = HEADS, blocks: int = 1
    ) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.place = place
        self.blocks = nn.Sequential(*(Block(mix, key_heads) for _ in range(blocks)))

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        return {"logits": self.head(self.blocks(self.place(self.embed(tokens))))}


class ByPadding(nn.Module):
    """A decoder whose mask also masks out the padding among its own tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(VOCABULARY, WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        x = self.embed(tokens).unflatten(-1, (HEADS, SIZE)).transpose(1, 2)
        masked_out = (distances(x) < 0) | (tokens == PADDING)[:, None, None, :]
        mixed = scaled_scores(x, x).masked_fill(masked_out, -1e9).softmax(-1) @ x
        return {"logits": self.head(mixed.transpose(1, 2).flatten(2))}


class GPT2(nn.Module):
    """transformers' own, its logits alone; its masks are spelled in twenty operators."""

    def __init__(self) -> None:
        super().__init__()
        from transformers import GPT2Config, GPT2LMHeadModel

        sizes = {"vocab_size": VOCABULARY, "n_positions": POSITIONS, "n_embd": 16, "n_layer": 1, "n_head": 2}
        # The other implementation is in tests/generation.
        config = GPT2Config(**sizes, bos_token_id=0, eos_token_id=0, attn_implementation="eager")
        self.model = GPT2LMHeadModel(config)

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        return {"logits": self.model(input_ids=tokens, use_cache=False).logits}


MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "learned": lambda: Decoder(parts.Lower(), parts.Learned(), blocks=2),
    "indexed": lambda: Decoder(parts.causal, parts.Indexed()),
    "cut": lambda: Decoder(parts.upper, parts.Cut()),
    "computed": lambda: Decoder(parts.causal, parts.computed),
    "offset": lambda: Decoder(parts.causal, parts.Learned(offset=2)),
    "rotary": lambda: Decoder(parts.rotary, nn.Identity(), key_heads=2, blocks=2),
    "single": lambda: Decoder(parts.single, parts.computed, key_heads=1, blocks=2),
    "alibi": lambda: Decoder(parts.alibi, nn.Identity()),
    "alibi from the end": lambda: Decoder(parts.AlibiTable(parts.from_the_end), nn.Identity()),
    "alibi picked": lambda: Decoder(parts.AlibiTable(parts.picked), nn.Identity()),
    "relative": lambda: Decoder(parts.Relative(), nn.Identity()),
    "window": lambda: Decoder(parts.window, parts.Cut()),
    "sink": lambda: Decoder(parts.Sink(), parts.Cut()),
    "sink and grouped heads": lambda: Decoder(parts.Sink(), parts.Cut(), key_heads=2),
    "sink of each token": lambda: Decoder(parts.own_sink, parts.Cut()),
    "bidirectional": lambda: Decoder(parts.everywhere, parts.Learned()),
    "shifted": lambda: Decoder(parts.causal, parts.shifted),
    "weighed": lambda: Decoder(parts.weighed_twice, parts.computed),
    "padding": ByPadding,
    "gpt2": GPT2,
}


def sample_of(length: int) -> dict[str, Tensor]:
    """Return one input of a model: no token is padding."""
    generator = torch.Generator().manual_seed(drawn_seed(length))
    return {"tokens": torch.randint(1, VOCABULARY, (1, length), generator=generator)}
