"""Sounds as wav2vec 2.0's feature extractor makes them, in a layer, so that a graph takes sound."""

from __future__ import annotations

from torch import Tensor, nn

LEAST_VARIANCE = 1e-7


class UnitVariance(nn.Module):
    """Sounds with zero mean and unit variance, as ``Wav2Vec2FeatureExtractor`` with ``do_normalize``."""

    def forward(self, audio: Tensor) -> Tensor:
        """Return sounds, float32 (B, time), normalized one by one."""
        mean = audio.mean(dim=-1, keepdim=True)  # (B, 1)
        variance = (audio - mean).square().mean(dim=-1, keepdim=True)  # (B, 1)
        return (audio - mean) / (variance + LEAST_VARIANCE).sqrt()
