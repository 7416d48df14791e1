"""Log-mel features as Whisper's feature extractor makes them, in layers, so that a graph takes sound."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

LEAST = 1e-10  # of the energies
RANGE = 8.0  # below the loudest, in powers of ten


class SlaneyLogMel(nn.Module):
    """Sounds of one length to log-mel frames, as ``WhisperFeatureExtractor`` (Radford et al. 2022).

    Args:
        extractor: Of Whisper: a window of ``n_fft``, ``hop_length`` and filters of Slaney's.
    """

    basis: Tensor
    bank: Tensor

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self.frame, self.hop = extractor.n_fft, extractor.hop_length
        self.register_buffer("basis", fourier_basis(self.frame), persistent=False)
        filters = torch.from_numpy(extractor.mel_filters).float().T  # (mels, bins)
        self.register_buffer("bank", filters.contiguous(), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Turn ``audio``, float32 (B, time), into features, (B, mels, time / hop)."""
        sound = nn.functional.pad(audio[:, None], (self.frame // 2, self.frame // 2), mode="reflect")
        waves = nn.functional.conv1d(sound, self.basis, stride=self.hop)[..., :-1]  # (B, 2 bins, frames)
        cosine, sine = waves.chunk(2, dim=1)
        energies = self.bank @ (cosine.square() + sine.square())  # (B, mels, frames)
        levels = energies.clamp(min=LEAST).log10()
        return (torch.maximum(levels, levels.amax(dim=(1, 2), keepdim=True) - RANGE) + 4) / 4


def fourier_basis(frame: int) -> Tensor:
    """Return the cosines and sines of a frame's bins under a Hann window, float32 (2 bins, 1, frame)."""
    places = torch.arange(frame, dtype=torch.float64)
    angles = 2 * math.pi / frame * torch.outer(torch.arange(frame // 2 + 1, dtype=torch.float64), places)
    window = torch.hann_window(frame, periodic=True, dtype=torch.float64)
    return (torch.cat((angles.cos(), angles.sin())) * window)[:, None].float()
