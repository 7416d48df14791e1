from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch
from fixture_types import Alike, Export
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from edgeattn_export.graph.dataflow import operators
from edgeattn_runtime.errors import CaptureError

WIDTH, HEADS = 16, 2
LENGTHS = (3, 5), (4, 1, 6), (9,), (2, 3, 4, 7)
UNSEEN = (12, 1), (1,), (2, 2, 2, 2, 2)  # lengths, and numbers of sequences, that no sample has


def attended(*parts: Tensor) -> Tensor:
    return scaled_dot_product_attention(*parts)


def averaged(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return query + (key * value).mean(-2, keepdim=True)


class Tower(nn.Module):
    """Attention within each of several sequences that stand one behind the other."""

    def __init__(self, within: Callable[..., Tensor] = attended) -> None:
        super().__init__()
        self.within, self.qkv = within, nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        qkv = self.qkv(x).view(1, x.size(0), 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # (3, 1, H, S, D)
        sequences = zip(*(torch.split(part, lengths.tolist(), dim=2) for part in qkv), strict=True)
        mixed = [self.within(*sequence).transpose(1, 2).contiguous() for sequence in sequences]
        return torch.cat(mixed, dim=1).reshape(x.size(0), WIDTH)


def inputs(lengths: tuple[int, ...]) -> dict[str, Tensor]:
    return {"x": torch.randn(sum(lengths), WIDTH), "lengths": torch.tensor(lengths)}


def test_attention_within_each_sequence_is_one_operator(alike: Alike) -> None:
    captured = alike(Tower(), map(inputs, LENGTHS), map(inputs, UNSEEN))
    assert captured.axes.batch is None
    assert operators(captured.model)["Attention"] == 1


def test_what_is_known_of_no_part_is_refused(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"test_packed_attention\.py, line \d+, in averaged"):
        exported(Tower(averaged), map(inputs, LENGTHS))


class Listed(nn.Module):
    """Reads every number of the list."""

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return x * sum(lengths.tolist())


@pytest.mark.parametrize("disabled", [False, True])  # as whoever configures logging leaves PyTorch's trace
def test_a_list_that_is_read_fixes_its_length(
    disabled: bool, exported: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = logging.getLogger("torch.__trace")
    monkeypatch.setattr(trace, "disabled", disabled)
    with pytest.raises(CaptureError, match=r"axis 0 .*test_packed_attention\.py, line \d+, in forward"):
        exported(Listed(), map(inputs, LENGTHS))
    assert trace.disabled is disabled
