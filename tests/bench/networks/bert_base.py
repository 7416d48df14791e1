"""BERT-base's shape with random weights: it tells of time and size, and nothing of accuracy."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

SEED = 0
SAMPLES = 16
LENGTH = 128  # tokens
AXES = ("batch", "sequence")
CONFIG = BertConfig.from_dict({"position_embedding_type": "absolute"})  # the key is for CTranslate2

dynamic = {"input_ids": AXES, "attention_mask": AXES, "token_type_ids": AXES}


class Hidden(nn.Module):
    """The encoder's last hidden state as the only output."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> dict[str, Tensor]:
        """Return `hidden`, float32 (B, S, 768), of three int64 (B, S)."""
        answer = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return {"hidden": answer.last_hidden_state}


def model() -> nn.Module:
    """Return the network with one output, in eval mode: BertConfig's defaults are BERT-base's shape."""
    torch.manual_seed(SEED)
    return Hidden(BertModel(CONFIG, add_pooling_layer=False)).eval()


def samples() -> Iterator[dict[str, Tensor]]:
    """Yield random sentences of 128 tokens: three inputs, int64 (1, 128)."""
    draw = torch.Generator().manual_seed(SEED)
    for _ in range(SAMPLES):
        ids = torch.randint(1000, CONFIG.vocab_size, (1, LENGTH), generator=draw)
        yield {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "token_type_ids": torch.zeros_like(ids),
        }
