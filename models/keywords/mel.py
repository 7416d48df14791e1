"""Log-mel features as layers: a convolution with the sines and cosines of a DFT, and a mel filter bank."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FLOOR = 1e-5  # of the energies: what is quieter is silence


def dft_basis(frame: int) -> Tensor:
    """Return the windowed cosines and sines of a `frame` of samples, float32 (2 * bins, 1, frame)."""
    time = torch.arange(frame) / frame  # of a frame
    angles = 2 * math.pi * torch.outer(torch.arange(frame // 2 + 1), time)  # (bins, frame)
    window = torch.hann_window(frame, periodic=True)
    return (torch.cat((angles.cos(), angles.sin())) * window).unsqueeze(1)


def mel(hertz: Tensor) -> Tensor:
    """Return frequencies on the mel scale (O'Shaughnessy 1987): as far apart as they sound."""
    return 2595 * torch.log10(1 + hertz / 700)


def filter_bank(bins: int, mels: int, rate: int) -> Tensor:
    """Return triangles evenly spaced in mel that gather `bins` of energy, float32 (bins, mels)."""
    places = mel(torch.linspace(0, rate / 2, bins)).unsqueeze(1)  # (bins, 1)
    corners = torch.linspace(0, places[-1].item(), mels + 2)  # (mels + 2,)
    step = corners[1]
    return (1 - (places - corners[1:-1]).abs() / step).clamp(min=0)


class LogMel(nn.Module):
    """Sound to log-mel frames; no weight of it is trained."""

    basis: Tensor
    bank: Tensor

    def __init__(self, rate: int, frame: int, hop: int, mels: int) -> None:
        super().__init__()
        self.hop = hop
        self.register_buffer("basis", dft_basis(frame), persistent=False)
        self.register_buffer("bank", filter_bank(frame // 2 + 1, mels, rate), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """Turn `audio` (B, samples) into the log energies of each frame, (B, frames, mels)."""
        waves = nn.functional.conv1d(audio.unsqueeze(1), self.basis, stride=self.hop)  # (B, 2 * bins, frames)
        cosine, sine = waves.chunk(2, dim=1)
        power = (cosine.square() + sine.square()).transpose(1, 2)  # (B, frames, bins)
        return torch.log(power @ self.bank + FLOOR)
