"""Accuracy: the share of rows, or of tokens, whose highest score is the target's."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

IGNORED = -100  # a token's target where nothing is asked for, as in torch.nn.functional.cross_entropy


def accuracy(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the accuracy of ``logits`` (B, labels) against labels (B,)."""
    return (outputs["logits"].argmax(dim=-1) == target).float().mean().item()


def token_accuracy(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the accuracy of ``logits`` (B, S, V) against ids (B, S), places of ``IGNORED`` left out."""
    right = outputs["logits"].argmax(dim=-1) == target
    return right[target != IGNORED].float().mean().item()
