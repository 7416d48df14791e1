from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn import functional

from edgeattn_export.capture.original.determinism import fresh_generators
from edgeattn_export.capture.original.side_effects import watch_calls
from edgeattn_runtime.errors import CaptureError


class Masking(nn.Module):
    """Noise decides what is hidden, as in a masked autoencoder; forward takes it, too."""

    def forward(self, x: Tensor, scale: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        noise = torch.rand(x.shape[:2]) if noise is None else noise
        return x * (noise > 0.5)[..., None] * (1 if scale is None else scale)


class Sampled(nn.Module):
    """Some positions, drawn, as ProbSparse attention does."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, torch.randint(x.size(1), (30,))]


class Dropped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.dropout(x, 0.5, training=True)


class Counting(nn.Module):
    """Counts its calls, and adds as many times a number."""

    def __init__(self, number: int = 1) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.number = number

    def forward(self, x: Tensor) -> Tensor:
        calls = self.get_buffer("calls")
        calls += 1
        return x + calls * self.number if self.number else x * 2


class Averaging(nn.Module):
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        self.mean = 0.9 * self.mean + 0.1 * x.mean((0, 1))
        return x - self.mean


class Remembering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        x, self.last = x + self.last, x[:, :1].mean()
        return x


class Scaled(nn.Module):
    """Scales by a number that a function draws."""

    def __init__(self, draw: Callable[[], float]) -> None:
        super().__init__()
        self.draw = draw

    def forward(self, x: Tensor) -> Tensor:
        return x * self.draw()


def _put_back() -> float:
    """Draw, and put the generator back as it was, as a compiler does that traces a call."""
    state = random.getstate()
    number = random.random()
    random.setstate(state)
    return number


def _put_back_by_numpy() -> float:
    state = np.random.get_state()
    number = float(np.random.rand())
    np.random.set_state(state)
    return number


class PutBackByPyTorch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=()):
            return x + torch.rand(())


class Around(nn.Module):
    """A model that has a part somewhere inside, and takes for it what it takes."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([part])

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.blocks[0](x) if noise is None else self.blocks[0](x, noise=noise)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (Masking, r"'blocks\.0' \(Masking\) .*, line \d+, .*torch\.rand.*'noise' \(1, 40\)"),
        (Sampled, r"'blocks\.0' \(Sampled\) .*torch\.randint.*\(30,\)"),
        (Dropped, r"'blocks\.0' \(Dropped\) .*functional\.dropout"),
        (Counting, r"'blocks\.0' \(Counting\) .*buffer 'calls' .*\(calls \+= 1\)"),
        (Averaging, r"'blocks\.0' \(Averaging\) .*buffer 'mean'"),
        (Remembering, r"'blocks\.0' \(Remembering\) .*attribute 'last'"),
        (partial(Scaled, random.random), "^Around .* numpy "),
        (partial(Scaled, _put_back), "^Around .* numpy "),
        (partial(Scaled, _put_back_by_numpy), "^Around .* numpy "),
        (PutBackByPyTorch, r"'blocks\.0' \(PutBackByPyTorch\) .*torch\.rand"),
    ],
)  # fmt: skip
def test_what_draws_or_is_kept_is_named_with_the_change(
    part: Callable[[], nn.Module], named: str, exported: Export
) -> None:
    with pytest.raises(CaptureError, match=named):
        exported(Around(part()), [{"x": torch.randn(1, length, 4)} for length in (40, 3, 4)])


def test_the_change_that_is_told_helps(exported: Export) -> None:
    raw = [{"x": torch.ones(1, n, 4), "noise": torch.rand(1, n)} for n in (5, 3, 4)]
    captured, _ = exported(Around(Masking()), raw)
    assert [value.name for value in captured.model.graph.inputs] == ["x", "noise"]


def test_the_shared_generators_go_on_where_they_were() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    with fresh_generators():
        assert not set(drawn()) & set(expected)
    assert drawn() == expected


def test_a_counter_is_no_matter(exported: Export) -> None:
    captured, _ = exported(Counting(0), [{"x": torch.ones(1, n, 4)} for n in (5, 3, 4)])
    assert len(captured.model.graph.outputs) == 1


def test_no_hook_is_left_behind() -> None:
    before = dict(torch.nn.modules.module._global_forward_hooks)
    with watch_calls(Sampled()) as watch:
        Sampled()(torch.randn(1, 9, 4))
    assert watch.draw is not None
    assert dict(torch.nn.modules.module._global_forward_hooks) == before
