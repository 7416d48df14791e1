"""A network of transformers with its last hidden state as the only output, for peers that take PyTorch."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel


class Bert(nn.Module):
    """Tokens to hidden state."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return float32 (B, S, W) of three int64 (B, S)."""
        answer = self.network(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return answer.last_hidden_state  # type: ignore[no-any-return]  # transformers types no answer


class MaskedBert(Bert):
    """Tokens to hidden state, with the mask of every attention given, not built from indices.

    What builds it adds integers to scalars, which PT2E's quantizers make float: no index any more. The
    mask is added to the scores, as the plain attention of transformers expects.
    """

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return float32 (B, S, W) of three int64 (B, S)."""
        batch, length = attention_mask.shape
        padding = (1.0 - attention_mask.float()) * torch.finfo(torch.float32).min  # (B, S)
        mask = padding[:, None, None, :].expand(batch, 1, length, length)  # (B, 1, S, S)
        return super().forward(input_ids, mask, token_type_ids)


def hidden(folder: Path) -> nn.Module:
    """Return the network in a folder of transformers, in eval mode, with scaled_dot_product_attention."""
    return _wrapped(folder, Bert)


def exportable(folder: Path) -> nn.Module:
    """Return the same network for peers that quantize what `torch.export` captures."""
    return _wrapped(folder, MaskedBert)


def _wrapped(folder: Path, bert: type[Bert]) -> nn.Module:
    network = AutoModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="sdpa")
    return bert(network).eval()
