"""The export's own proof sees every channel, at the size of every sample."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture.original.own_rounding import OWN_MULTIPLE
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.capture.proof import proven
from edgeattn_runtime.bundle.manifest import Symbol
from edgeattn_runtime.errors import CaptureError

WIDTH = 8
BETWEEN = 6  # a length that is neither an end, nor the middle, nor the next one to any of these
LENGTHS = (3, 4, 5, BETWEEN, 8, 9, 11, 12)


def _raw() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(drawn_seed(0))
    return [{"x": torch.randn(1, length, WIDTH, generator=generator)} for length in LENGTHS]


class Boxes(nn.Module):
    """Two large channels, and a small one whose sign hangs on the length."""

    def __init__(self, sign: Callable[[int], int]) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.head = nn.Linear(WIDTH, 2)
        self.sign = sign

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        large = self.head(x.tanh()).mean(1) + 300
        return {"boxes": torch.cat([large, 0.002 * self.sign(x.shape[1]) * (large[:, :1] - 299)], 1)}


@pytest.mark.parametrize(
    ("sign", "lengths"),
    [
        (lambda length: 1 if length % 2 else -1, LENGTHS),
        (lambda length: -1 if length in (BETWEEN, 10**6) else 1, (BETWEEN,)),
    ],
)
def test_a_small_channel_is_wrong_at_some_sizes(
    sign: Callable[[int], int], lengths: tuple[int, ...], exported: Export
) -> None:
    with pytest.raises(CaptureError, match=r"output 'boxes' differs in channel 2 by") as error:
        exported(Boxes(sign), _raw())
    assert any(f"on inputs {{'x': (1, {length}, {WIDTH})}}" in str(error.value) for length in lengths)


def test_a_small_channel_that_is_right_everywhere(exported: Export) -> None:
    captured, _ = exported(Boxes(lambda _: -1), _raw())
    assert all(symbol == Symbol(1, None) for symbol in captured.symbols.values())


class Cancelling(nn.Module):
    """Loses the last digits of a hidden value: in float32 up to 4e-3 of a channel's spread."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, x: Tensor) -> Tensor:
        return (self.head(x).tanh() + 1e5) - 1e5


class OnlyFloat32(Cancelling):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float())


class Drawing(Cancelling):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + torch.rand(x.shape[0], x.shape[1], 2)


def _proven(module: nn.Module, shift: float, exported: Export) -> tuple[str, ...]:
    """Prove an engine that adds ``shift`` to a module's answers, and return the notes."""
    captured, samples = exported(Cancelling(), _raw())
    right, reference = captured.reference, Reference(module.eval(), form=captured.reference.form)
    shifted = SimpleNamespace(
        runner=lambda _: lambda inputs: {name: value + shift for name, value in right(inputs).items()}
    )
    return proven(replace(captured, engine=shifted, reference=reference), reference, samples).notes


def test_a_difference_as_large_as_the_modules_own_is_noted_with_both(exported: Export) -> None:
    assert _proven(Cancelling(), 0.0, exported) == ()
    (note,) = _proven(Cancelling(), 5e-3, exported)
    figures = r"up to (\S+) of a channel's spread, where 1e-03 is usual: .* float64 by (\S+)\.$"
    accepted, own = map(float, re.search(figures, note).groups())
    assert own < accepted < OWN_MULTIPLE * own


def test_a_difference_beyond_the_modules_own_is_refused_with_both(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"differs in channel . by \S+ of its spread \(\de-02 ") as error:
        _proven(Cancelling(), 0.2, exported)
    assert re.search(r"; the module's own float32 differs from its float64 by \de?", str(error.value))
    assert "randomness" not in str(error.value)


def test_a_module_of_float32_alone_is_held_to_the_usual_limit(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"\(1e-03 allowed\).*; OnlyFloat32 does not run in float64"):
        _proven(OnlyFloat32(), 5e-3, exported)


def test_randomness_is_named_where_two_answers_differ(exported: Export) -> None:
    with pytest.raises(CaptureError, match=r"when it is called again: check forward for randomness$"):
        _proven(Drawing(), 0.0, exported)
