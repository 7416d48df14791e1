"""Log-mel features as AST's feature extractor makes them, in layers, so that a graph takes sound."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers.audio_utils import mel_filter_bank

FRAME, HOP, BINS = 400, 160, 257  # samples of a frame and to the next; bins of a transform of 512
PREEMPHASIS = 0.97
LOWEST = 20.0  # Hz
FLOOR = 1.1920928955078125e-07  # of the energies: float32's epsilon, as in Kaldi


class KaldiLogMel(nn.Module):
    """Sounds to log-mel frames as Kaldi computes them, as ``ASTFeatureExtractor`` (Gong et al. 2021).

    What is done to a frame before its energies is linear, and so one convolution: its mean is subtracted,
    the sample before each is subtracted in part (preemphasis), a Hann window and a Fourier transform follow.

    Args:
        extractor: Of AST: how many bands and frames, and the mean and deviation of its training data.
    """

    basis: Tensor
    bank: Tensor

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.frames = int(extractor.max_length)
        self.mean, self.scale = 0.0, 1.0
        if extractor.do_normalize:
            self.mean, self.scale = float(extractor.mean), 2 * float(extractor.std)
        filters = mel_filter_bank(
            BINS,
            extractor.num_mel_bins,
            LOWEST,
            extractor.sampling_rate // 2,
            extractor.sampling_rate,
            norm=None,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
        self.register_buffer("basis", frame_basis(), persistent=False)
        self.register_buffer("bank", torch.from_numpy(filters).float(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Turn ``audio``, float32 (B, time) with a frame at least, into features, (B, frames, bands).

        Zeros follow those of a shorter sound, before all are normalized; a longer one is cut.
        """
        waves = nn.functional.conv1d(audio[:, None], self.basis, stride=HOP).transpose(1, 2)
        cosine, sine = waves.chunk(2, dim=-1)  # (B, T, bins)
        levels = ((cosine.square() + sine.square()) @ self.bank).clamp(min=FLOOR).log()
        silence = levels.new_zeros(levels.shape[0], self.frames, levels.shape[2])
        return (torch.cat((levels, silence), dim=1)[:, : self.frames] - self.mean) / self.scale


def frame_basis() -> Tensor:
    """Return what a frame is multiplied by for its cosines and sines, float32 (2 bins, 1, frame)."""
    places = torch.arange(FRAME, dtype=torch.float64)
    angles = 2 * math.pi / (2 * (BINS - 1)) * torch.outer(torch.arange(BINS, dtype=torch.float64), places)
    window = torch.hann_window(FRAME, periodic=False, dtype=torch.float64)
    centered = torch.eye(FRAME, dtype=torch.float64) - 1 / FRAME
    before = torch.diag(torch.ones(FRAME - 1, dtype=torch.float64), -1)
    before[0, 0] = 1  # the first sample stands before itself
    emphasized = centered - PREEMPHASIS * before @ centered  # (frame, frame)
    return ((torch.cat((angles.cos(), angles.sin())) * window) @ emphasized)[:, None].float()
