from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
import torch
from draws import drawn_seed
from fixture_types import Alike, Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.strategies.request import Mode, TraceRequest
from edgeattn_runtime.errors import CaptureError

TOLERANCE = 1e-4
WIDTH, HEADS = 8, 2

Read = Callable[[Tensor], int]


class Encoder(nn.Module):
    """A speech encoder as libraries write it: half as many frames, and a mask as long as the longest."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.stride = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, WIDTH, dropout=0, batch_first=True)

    def forward(self, sound: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        x = self.stride(sound.mT).mT  # (B, S / 2, W)
        frames = torch.div(lengths - 1, 2, rounding_mode="floor") + 1
        return {"hidden": self.layer(x, src_key_padding_mask=padding_mask(frames))}


def padding_mask(lengths: Tensor) -> Tensor:
    longest = int(torch.max(lengths).item())
    positions = torch.arange(longest, dtype=lengths.dtype).expand(lengths.shape[0], longest)
    return positions >= lengths[:, None]


class Cut(nn.Module):
    """Takes the first positions, as many as it reads, under a mask of all."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self.read = read

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        shown = torch.arange(x.shape[1]) < lengths[:, None]
        return x[:, : self.read(lengths)] * shown[..., None]


def samples(name: str, *, beyond: int = 0) -> Iterator[dict[str, Tensor]]:
    """Yield batches of several lengths, positions beyond their longest row among them."""
    draw = np.random.default_rng(drawn_seed(0))
    for rows, longest in ((1, 9), (3, 12), (2, 7), (1, 15), (3, 8), (2, 10)):
        lengths = draw.integers(2, longest + 1, rows)
        lengths[draw.integers(rows)] = longest
        x = draw.normal(size=(rows, longest + beyond, WIDTH)).astype(np.float32)
        yield {name: torch.from_numpy(x), "lengths": torch.from_numpy(lengths)}


def lengths_of(captured: Captured) -> str | None:
    return next(tensor.lengths_of for tensor in captured.graph.inputs if tensor.name == "lengths")


OTHER_LENGTHS = [20], [11, 17, 2], [1], [1, 2]


def test_the_line_of_a_library_becomes_a_promise(alike: Alike, monkeypatch: pytest.MonkeyPatch) -> None:
    exported_at: list[int] = []
    example = TraceRequest.example

    def recorded(request: TraceRequest, sizes: Mapping[str, int]) -> tuple[Tensor, ...]:
        if request.mode is Mode.LENGTHS:
            exported_at.append(sizes["sequence"])
        return example(request, sizes)

    monkeypatch.setattr(TraceRequest, "example", recorded)
    others = [
        {"sound": torch.randn(len(lengths), max(lengths), WIDTH), "lengths": torch.tensor(lengths)}
        for lengths in OTHER_LENGTHS
    ]
    captured = alike(Encoder(), samples("sound"), others, TOLERANCE)
    assert lengths_of(captured) == "sequence"
    assert captured.axes.lengths == {"lengths": "sequence"}
    assert captured.graph.inputs[0].dims == ("batch", "sequence", WIDTH)
    assert "compared" in captured.notes[0]
    assert "The longest of lengths must be the size of sequence in every call, " in captured.notes[-1]
    assert exported_at == [12, 16, 32, 21, 16]  # the longest; those compared, once each; the comparison


@pytest.mark.parametrize(
    "read",
    [
        lambda lengths: int(lengths.max()),
        lambda lengths: lengths.to(torch.int32).max(dim=0).values.item(),
        lambda lengths: torch.max(lengths),  # as the end of a slice
        lambda lengths: range(lengths.amax() + 1)[-1],
        lambda lengths: (2 * lengths).max().item() // 2,
        lambda lengths: (lengths // 1).max().item(),
    ],
    ids=["int", "item", "slice", "index", "product", "quotient"],
)
def test_the_longest_is_read_in_many_ways(read: Read, exported: Export) -> None:
    captured, _ = exported(Cut(read), samples("x"))
    assert lengths_of(captured) == "sequence"
    assert captured.graph.outputs[0].dims == ("batch", "sequence", WIDTH)


def test_a_check_of_the_module_is_kept_as_a_promise(exported: Export) -> None:
    class Checked(nn.Module):
        def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
            longest = lengths.max().item()
            torch._check(longest == x.shape[1])
            return x[:, :longest] * (torch.arange(longest) < lengths[:, None])[..., None]

    assert lengths_of(exported(Checked(), samples("x"))[0]) == "sequence"


def test_what_reads_no_number_promises_nothing(exported: Export) -> None:
    captured, _ = exported(Cut(lambda lengths: 10**6), samples("x"))
    assert lengths_of(captured) is None
    assert captured.axes.lengths == {}


def test_a_number_that_no_axis_is_stays_free(alike: Alike) -> None:
    captured = alike(Cut(lambda lengths: int(lengths.max()) + 2), samples("x", beyond=2))
    assert lengths_of(captured) is None


@pytest.mark.parametrize(
    "read",
    [
        lambda lengths: int((20 - lengths).max()),  # which is no longer the longest
        lambda lengths: int((lengths * lengths).max()),  # of two tensors
    ],
    ids=["turned", "square"],
)
def test_other_numbers_are_refused_with_what_works(read: Read, exported: Export) -> None:
    with pytest.raises(CaptureError) as caught:
        exported(Cut(read), samples("x"))
    line = r"at test_lengths\.py, line \d+, in <lambda> \(.*\)"
    assert re.search(
        rf"makes a number of a tensor's values {line}: .* wrapper .*model-file", str(caught.value)
    )
