"""Mixtures of experts beside attention: each token goes through two of several feed-forward layers."""

from __future__ import annotations

from functools import partial

import torch
from forms.attention import Attention
from forms.form import Form
from forms.inputs import HUGGING_FACE, SIZE, WIDTH, samples, shown, tokens, vectors
from forms.tiny import CAUSAL, tiny
from torch import Tensor, nn
from torch.nn.functional import gelu, grouped_mm

EXPERTS, CHOSEN = 4, 2


class Experts(Attention):
    """Attention, then experts; a form says how tokens reach theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, EXPERTS)
        self.up = nn.Parameter(torch.zeros(EXPERTS, WIDTH, 2 * WIDTH))
        self.down = nn.Parameter(torch.zeros(EXPERTS, 2 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + super().forward(x)
        rows = x.flatten(0, 1)  # (R, W)
        weights, chosen = self.router(rows).softmax(-1).topk(CHOSEN)  # (R, CHOSEN)
        return x + self.route(rows, weights, chosen).view_as(x)

    def route(self, rows: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        raise NotImplementedError

    def expert(self, index: int, rows: Tensor) -> Tensor:
        return gelu(rows @ self.up[index]) @ self.down[index]


class Grouped(Experts):
    """Tokens sorted by expert; grouped_mm multiplies each group with its matrix."""

    def route(self, rows: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        expert, order = chosen.flatten().sort()  # (R * CHOSEN)
        ends = torch.histc(expert.float(), EXPERTS, 0, EXPERTS - 1).cumsum(0).int()
        hidden = gelu(grouped_mm(rows[order // CHOSEN], self.up, offs=ends))
        made = grouped_mm(hidden, self.down, offs=ends) * weights.flatten()[order, None]
        return torch.zeros_like(rows).index_add(0, order // CHOSEN, made)


class Loop(Experts):
    """One expert after the other, each with the tokens that chose it."""

    def route(self, rows: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        made = torch.zeros_like(rows)
        for index in range(EXPERTS):
            at, rank = torch.where(chosen == index)
            made.index_add_(0, at, self.expert(index, rows[at]) * weights[at, rank, None])
        return made


class Dense(Experts):
    """One expert after the other, each with all tokens, weighted by 0 where they did not choose it."""

    def route(self, rows: Tensor, weights: Tensor, chosen: Tensor) -> Tensor:
        shares = ((weights * (chosen == index)).sum(-1, keepdim=True) for index in range(EXPERTS))
        return torch.stack([share * self.expert(i, rows) for i, share in enumerate(shares)]).sum(0)


SIZES = {**CAUSAL, "intermediate_size": WIDTH, "num_experts_per_tok": CHOSEN}
QWEN = {**SIZES, "moe_intermediate_size": WIDTH, "num_experts": EXPERTS}

form = partial(Form, family="experts", samples=samples(x=vectors))
causal = partial(form, samples=samples(input_ids=tokens, attention_mask=shown), padding=HUGGING_FACE)

FORMS = (
    form("sorted, grouped_mm", Grouped),
    form("in a loop, index_add", Loop),
    form("in a loop, every token", Dense),
    causal("transformers: Mixtral", tiny("MixtralModel", **SIZES, num_local_experts=EXPERTS)),
    causal("transformers: OLMoE", tiny("OlmoeModel", **SIZES, num_experts=EXPERTS, eos_token_id=1)),
    causal(  # with an expert beside the others that every token goes through
        "transformers: Qwen2-MoE",
        tiny("Qwen2MoeModel", **QWEN, shared_expert_intermediate_size=WIDTH),
    ),
    causal("transformers: Qwen3-MoE", tiny("Qwen3MoeModel", **QWEN, head_dim=SIZE)),
)
