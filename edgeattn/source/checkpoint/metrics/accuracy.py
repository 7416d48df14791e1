"""Accuracy: the share of rows whose highest score is the label's."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def accuracy(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the accuracy of ``logits`` (B, labels) against labels (B,)."""
    return (outputs["logits"].argmax(dim=-1) == target).float().mean().item()
