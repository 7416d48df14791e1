from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from edgeattn_export.capture import read_samples
from edgeattn_export.capture.samples.read_samples import LIMIT, read_npz
from edgeattn_export.graph.samples import LEAST_SAMPLES
from edgeattn_runtime.errors import BadInput, ModelError, SampleError

IDS, MASK = torch.ones(1, 4), torch.ones(1, 4, dtype=torch.int64)
PAST = (torch.ones(1, 2, 3, 4),) * 2


class Two(nn.Module):
    def forward(self, ids: Tensor, mask: Tensor, bias: Tensor | None = None) -> Tensor:
        return ids * mask


class One(nn.Module):
    def forward(self, ids: Tensor) -> Tensor:
        return ids


def _refused(raw: object, named: str) -> None:
    first = {"ids": IDS, "mask": MASK}
    with pytest.raises(SampleError, match=f"^{named}"):
        read_samples(Two(), [first, raw, first])


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        ({"mask": MASK, "ids": IDS}, None),
        ({"ids": IDS.numpy(), "mask": MASK.numpy()}, None),
        ({"ids": IDS, "mask": MASK, "bias": None}, None),
        (({"ids": IDS, "mask": MASK}, "seven"), "seven"),
        ([{"ids": IDS, "mask": MASK}, 7], 7),
        ((IDS, MASK), None),
        (((IDS, MASK), 7), 7),
        ([[IDS, MASK], "seven"], "seven"),
    ],
)
def test_reads_every_form(raw: object, target: object) -> None:
    samples = read_samples(Two(), [raw] * 3)
    assert samples.names == ("ids", "mask")  # forward's order, not the dict's
    assert len(samples) == 3
    assert samples[1].target == target
    for sample in samples:
        np.testing.assert_array_equal(sample.inputs["ids"], np.ones((1, 4), np.float32), strict=True)
        np.testing.assert_array_equal(sample.inputs["mask"], np.ones((1, 4), np.int64), strict=True)


def test_an_input_with_its_label_is_a_pair() -> None:
    label = torch.tensor([3])
    samples = read_samples(One(), DataLoader(TensorDataset(IDS.repeat(6, 1), label.repeat(6)), batch_size=2))
    assert [sample.inputs["ids"].shape for sample in samples] == [(2, 4)] * 3
    assert torch.equal(samples[0].target, label.repeat(2))
    assert read_samples(One(), [(IDS, "three")] * 3)[0].target == "three"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ({"ids": IDS, "masks": MASK}, "sample 1: .* masks; .*ids, mask, bias"),
        ({"ids": IDS}, "sample 1: .* mask; .*ids, mask, bias"),
        ({"ids": IDS, "mask": None}, "sample 1, input 'mask': .*sample 0"),
        (IDS, "sample 1: Tensor "),
        ((IDS, MASK, IDS, IDS, IDS), "sample 1: tuple "),
        ({"ids": [1.0], "mask": MASK}, "sample 1, input 'ids': list "),
        ({"ids": IDS.double(), "mask": MASK}, r"sample 1, input 'ids': float64 .*astype\('float32'\)"),
        ({"ids": IDS.to(torch.complex64), "mask": MASK}, "sample 1, input 'ids': .*complex64 "),
        ({"ids": IDS.bfloat16(), "mask": MASK}, "sample 1, input 'ids': .*bfloat16 found, float32 expected"),
        ({"ids": IDS[:, :0], "mask": MASK}, r"sample 1, input 'ids': .*\(1, 0\)"),
        ({"ids": IDS * torch.nan, "mask": MASK}, "sample 1, input 'ids': .*NaN"),
        ({"ids": IDS * torch.inf, "mask": MASK}, "sample 1, input 'ids': .*infinity"),
        ({"ids": IDS.half(), "mask": MASK}, "sample 1, input 'ids': float16 .*sample 0"),
        ({"ids": IDS[0], "mask": MASK}, "sample 1, input 'ids': rank 1 .*rank 2 .*sample 0"),
        ({"ids": IDS, "mask": MASK, "bias": IDS}, "sample 1, input 'bias': .*sample 0"),
    ],
)
def test_a_sample_unlike_the_others_is_refused_by_its_number(raw: object, named: str) -> None:
    _refused(raw, named)


@pytest.mark.parametrize("count", range(LEAST_SAMPLES))
def test_refuses_too_few(count: int) -> None:
    with pytest.raises(SampleError, match=f"^samples: {count} .*{LEAST_SAMPLES} "):
        read_samples(One(), [{"ids": IDS}] * count)


@pytest.mark.parametrize("begin", range(LEAST_SAMPLES + 1))
def test_what_continues_is_a_text_of_its_own_where_too_few_begin(begin: int) -> None:
    class Continued(nn.Module):
        def forward(self, ids: Tensor, past: object = None) -> object:
            return ids, PAST

    samples = read_samples(Continued(), [{"ids": IDS}] * begin + [{"ids": IDS, "past": PAST}] * LEAST_SAMPLES)
    assert len(samples) == (begin if begin >= LEAST_SAMPLES else begin + LEAST_SAMPLES)
    assert len(samples.continued) == LEAST_SAMPLES
    assert not any(sample.continues for sample in samples)


def test_the_minus_infinity_of_a_mask_is_allowed() -> None:
    assert read_samples(One(), [{"ids": IDS * -torch.inf}] * 3)[0].inputs["ids"][0, 0] == -np.inf


def test_what_yields_no_samples_is_refused() -> None:
    with pytest.raises(SampleError, match=r"^samples: NoneType "):
        read_samples(One(), None)  # type: ignore[arg-type]


def test_a_forward_that_names_no_input_is_refused() -> None:
    class Any(nn.Module):
        def forward(self, *x: Tensor) -> Tensor:
            return x[0]

    named = r"^Any: .*\(\*x: 'Tensor'\) -> 'Tensor' "
    with pytest.raises(ModelError, match=named):
        read_samples(Any(), [(IDS,), (IDS,)])


def test_reads_no_more_than_the_limit() -> None:
    drawn = 0

    def endless() -> object:
        nonlocal drawn
        while True:
            drawn += 1
            yield {"ids": IDS}

    assert len(read_samples(One(), endless())) == drawn == LIMIT


WIDTH = 16


def test_samples_may_be_stacked(tmp_path: Path) -> None:
    np.savez(tmp_path / "stack.npz", x=np.ones((4, 3, WIDTH), np.float32))
    assert [sample.inputs["x"].shape for sample in read_npz(tmp_path / "stack.npz")] == [(1, 3, WIDTH)] * 4


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("not this")
    with pytest.raises(BadInput, match=r"x\.npz: "):
        read_npz(tmp_path / "x.npz")
