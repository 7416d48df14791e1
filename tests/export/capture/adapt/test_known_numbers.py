from __future__ import annotations

import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from torch import Tensor, nn
from torch.nn.functional import pad

from edgeattn_runtime.errors import CaptureError

CHANNELS, KERNEL, STRIDE = 4, 5, 3
LENGTHS = (9, 14, 11, 20)
UNSEEN = (7, 16, 33)


class Frames(nn.Module):
    """A strided convolution over whole frames: what its length lacks is padded, and cut off again."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, CHANNELS, KERNEL, STRIDE)
        for name, number in {"kernel": KERNEL, "stride": STRIDE, "total": KERNEL - STRIDE}.items():
            self.register_buffer(name, torch.tensor(number))

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[-1]
        frames = (length - self.kernel + self.total) / self.stride + 1
        whole = (torch.ceil(frames).to(torch.int64) - 1) * self.stride + self.kernel - self.total
        behind = whole - length
        if length <= max(self.total, behind):
            return x
        return self.conv(pad(x, (self.total, behind)))[..., : torch.floor(frames).long() + behind]


class Reflected(Frames):
    """Pads both sides by what its ends hold, and more where the input is short."""

    def forward(self, x: Tensor) -> Tensor:
        length = x.shape[-1]
        right = self.total // 2
        left = self.total - right
        frames = (length - self.kernel + self.total) / self.stride + 1
        right = right + (torch.ceil(frames).long() - 1) * self.stride + self.kernel - self.total - length
        longest, more = max(left, right), 0
        if length <= longest:
            more = longest - length + 1
            x = pad(x, (0, more))
        return self.conv(pad(x, (left, right), mode="reflect"))


class Measured(Frames):
    """What it decides by is no size, nor a constant."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if (x.abs().max().long() + self.stride).item() % 2 else x * 3


def inputs(length: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(drawn_seed(length))
    return {"x": torch.randn(2, CHANNELS, length, generator=draw)}


@pytest.mark.parametrize("kind", [Frames, Reflected])
def test_a_length_of_constants_stays_free(kind: type[nn.Module], alike: Alike) -> None:
    captured = alike(kind(), map(inputs, LENGTHS), map(inputs, UNSEEN))
    assert captured.symbols["sequence"].max is None


def test_a_number_of_values_is_not_known(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_known_numbers\.py, line \d+, in forward"):
        exported(Measured(), map(inputs, LENGTHS))
