"""Decoders that take and return their own key-value cache, in the forms in which this is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from forms.attention import Attention, split
from forms.form import Form
from forms.inputs import HUGGING_FACE, LONGEST, VOCABULARY, WIDTH, samples, shown, tokens
from forms.tiny import CAUSAL, GPT2, tiny
from torch import Tensor, nn

Pair = Sequence[Tensor]  # keys and values
LLAMA = {**CAUSAL, "use_cache": True}


class Decoder(Attention):
    """Causal attention over what was kept and what is new; the cache is a tuple (B, H, S, D)."""

    length_axis = 2

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(2 * LONGEST, WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, tokens: Tensor, past: Pair | None = None) -> tuple[Tensor, object]:
        first = 0 if past is None else past[0].size(self.length_axis)
        logits, kept = self.step(tokens, past, first)
        return logits, tuple(kept)

    def step(self, tokens: Tensor, past: Pair | None, first: int) -> tuple[Tensor, Pair]:
        x = self.embed(tokens) + self.places(torch.arange(tokens.size(1)) + first)  # (B, S, W)
        q, *kept = self.project(x)
        if past is not None:
            kept = [torch.cat(pair, self.length_axis) for pair in zip(past, kept, strict=True)]
        return self.head(x + self.output(self.attend(q, *kept))), kept

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        new, total = q.size(2), k.size(2)
        later = torch.ones(new, total, dtype=torch.bool).triu(1 + total - new)
        scores = self.score(q, k).masked_fill(later, -math.inf)  # (B, H, S, T)
        return self.join(self.mix(self.weigh(scores), v))


class Listed(Decoder):
    """The cache is a list, None at first; the answer is a dict."""

    def forward(self, tokens: Tensor, past: Pair | None) -> dict[str, object]:  # type: ignore[override]
        logits, kept = super().forward(tokens, past)
        return {"logits": logits, "present": list(kept)}  # type: ignore[call-overload]


class Nested(Decoder):
    """A pair for each layer, as GPT-2 had them; here there is one layer."""

    def forward(self, tokens: Tensor, past: Sequence[Pair] | None = None) -> tuple[Tensor, object]:
        logits, kept = super().forward(tokens, None if past is None else past[0])
        return logits, (kept,)


class LengthFirst(Decoder):
    """Keys and values are kept (B, S, H, D), and the first token's place is told."""

    length_axis = 1

    def forward(self, tokens: Tensor, past: Pair | None = None, start: int = 0) -> tuple[Tensor, object]:
        logits, kept = self.step(tokens, past, start)
        return logits, tuple(kept)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        heads = (split(layer(x)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        q, k, v = heads  # (B, S, H, D)
        return q, k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return super().attend(*(x.transpose(1, 2) for x in (q, k, v)))


form = partial(Form, family="own cache", samples=samples(tokens=tokens), steps=1)
masked = partial(form, samples=samples(input_ids=tokens, attention_mask=shown), padding=HUGGING_FACE)

FORMS = (
    form("tuple of tensors", Decoder),
    form("list of tensors", Listed, samples=samples(tokens=tokens, past=lambda *_: None)),
    form("nested pairs", Nested),
    form("length before heads, position given", LengthFirst),
    masked("DynamicCache, GPT-2", tiny("GPT2LMHeadModel", **GPT2, attn_implementation="sdpa")),
    masked(
        "DynamicCache, Llama",
        tiny("LlamaForCausalLM", **{**CAUSAL, "use_cache": True}, attn_implementation="eager"),
    ),
)
