"""Spearman's rank correlation of how alike embeddings are and how alike people found the texts."""

from __future__ import annotations

from collections.abc import Mapping

from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import cosine_similarity


def rank_correlation(outputs: Mapping[str, Tensor], target: Tensor) -> float:
    """Return the correlation of a sample's pairs.

    Args:
        outputs: ``embedding`` (2 P, W): first texts of P pairs, then the others.
        target: Scores of the pairs, (P,), not all the same.
    """
    first, second = outputs["embedding"].chunk(2)
    return float(spearmanr(cosine_similarity(first, second).numpy(), target.numpy()).statistic)
