"""What the network hears: the log energies of sound in 40 bands, four frames of 10 ms a token."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

RATE = 8000  # samples a second, a telephone's
FRAME, HOP = 200, 80  # samples: 25 and 10 ms
BANDS = 40
STACK = 4  # frames a token
FLOOR = 1e-5  # of the energies: what is quieter is silence


def mel(hertz: Tensor) -> Tensor:
    """Return frequencies on the mel scale (O'Shaughnessy 1987): as far apart as they sound."""
    return 2595 * torch.log10(1 + hertz / 700)


def filter_bank() -> Tensor:
    """Return triangles evenly spaced in mel that gather bins of energy, float32 (bins, BANDS)."""
    places = mel(torch.linspace(0, RATE / 2, FRAME // 2 + 1)).unsqueeze(1)  # (bins, 1)
    step = places[-1] / (BANDS + 1)
    return (1 - (places / step - torch.arange(1, BANDS + 1)).abs()).clamp(min=0)


def features(audio: Tensor) -> Tensor:
    """Return the log-mel features of `audio`, float32 (samples,), as tokens: float32 (1, S, 160).

    Their mean is 0 and their standard deviation 1, so that loudness does not matter. Silence fills the last
    token up.
    """
    tokens = -(-(len(audio) + HOP - FRAME) // (HOP * STACK))
    whole = pad(audio, (0, tokens * STACK * HOP + FRAME - HOP - len(audio)))
    waves = torch.stft(whole, FRAME, HOP, window=torch.hann_window(FRAME), center=False, return_complex=True)
    bands = torch.log(waves.abs().square().T @ filter_bank() + FLOOR)  # (frames, BANDS)
    return ((bands - bands.mean()) / bands.std()).view(1, tokens, STACK * BANDS)


def decoded(codes: Tensor) -> Tensor:
    """Return the sound of 8-bit mu-law `codes` (ITU-T G.711), float32 from -1 to 1, in the shape given."""
    bent = codes.float() / 127.5 - 1
    return bent.sign() * (256 ** bent.abs() - 1) / 255


def encoded(audio: Tensor) -> Tensor:
    """Return `audio`, from -1 to 1, as 8-bit mu-law codes, uint8 in the shape given."""
    bent = audio.sign() * torch.log1p(255 * audio.abs()) / torch.log(torch.tensor(256.0))
    return ((bent + 1) * 127.5).round().byte()
