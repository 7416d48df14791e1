from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import torch
from draws import drawn_seed
from onnx_ir.tape import Tape
from rewritten import Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import embed, operators
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.convolution_affine import SHARED, fold_affine_before, fold_affine_behind

WIDTH, WIDER = 8, 12


class Around(nn.Module):
    """A convolution along positions, behind a linear layer, with what stands before and behind it."""

    def __init__(
        self,
        before: Callable[[Tensor], Tensor] = torch.sin,
        behind: Callable[[Tensor], Tensor] = torch.sin,
        **convolution: int,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH, bias=False)  # so that no two parts share a value
        self.convolution = nn.Conv1d(WIDTH, WIDER, **({"kernel_size": 1} | convolution))
        self.before, self.behind = before, behind

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.behind(self.convolution(self.before(self.linear(x).transpose(1, 2))))  # (B, C, S)


class Twice(Around):
    """One convolution, called twice."""

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = self.linear(x).transpose(1, 2)
        return self.behind(self.convolution(self.before(x))) + self.convolution(x.cos())


class ReadTwice(Around):
    """What scales the input is an answer too."""

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        scaled = 1.4 * self.linear(x).transpose(1, 2)
        return torch.cat([self.convolution(scaled), scaled], 1)


class Plane(nn.Module):
    """A convolution of two axes, scaled as ConvNeXt's and EfficientFormer's blocks are."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.scale = nn.Conv2d(WIDTH, WIDER, 1), nn.Parameter(torch.rand(WIDER, 1, 1))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.convolution(x.transpose(1, 2).unsqueeze(-1)) * self.scale


GAINS = {channels: torch.linspace(0.5, 1.5, channels)[:, None] for channels in (WIDTH, WIDER)}  # (C, 1)
SHIFTS = {channels: gains.flip(0) ** 2 for channels, gains in GAINS.items()}


def affine(x: Tensor) -> Tensor:
    return GAINS[x.shape[1]] * x + SHIFTS[x.shape[1]]


BEHIND_FIRES = {
    "scaled": lambda: Around(behind=lambda y: 1.4 * y),
    "shifted": lambda: Around(behind=lambda y: y - 0.6),
    "taken_from": lambda: Around(behind=lambda y: 0.6 - y),
    "divided_by_channel": lambda: Around(behind=lambda y: y / GAINS[WIDER]),
    "by_channel_in_order": lambda: Around(behind=affine),
    "padded": lambda: Around(behind=affine, kernel_size=3, padding=1),
    "without_bias": lambda: Around(behind=affine, bias=False),
    "grouped": lambda: Around(behind=affine, groups=4),
    "two_axes": Plane,
}
BEHIND_REFUSES = {"shared": (lambda: Twice(behind=lambda y: 1.4 * y), SHARED)}
BEHIND_OTHERS = {
    "into_copies": lambda: Around(behind=lambda y: y * torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)),
    "over": lambda: Around(behind=lambda y: 0.6 / (y.sin() + 3)),
    "read_twice": lambda: Around(behind=lambda y: 1.4 * y + y.sin()),
    "behind_an_activation": lambda: Around(behind=lambda y: 1.4 * y.relu()),
    "by_another_value": lambda: Around(behind=lambda y: y * y.sin()),
}


class TestBehind(RuleTests):
    rule = fold_affine_behind
    fires = BEHIND_FIRES
    refuses = BEHIND_REFUSES
    others = BEHIND_OTHERS
    gone = frozenset({"Mul", "Div", "Add", "Sub"})

    def test_the_layer_keeps_its_module(self, rewritten: Rewritten) -> None:
        convolutions = [node for node in rewritten.model.graph if node.op_type == "Conv"]
        assert {f"parts.{part}.convolution" for part in self.fires} <= set(map(module_of, convolutions))


BEFORE_FIRES = {
    "scaled": lambda: Around(lambda x: 1.4 * x.sin()),
    "by_channel_in_order": lambda: Around(lambda x: affine(x.sin())),
    "twice": lambda: Around(lambda x: 0.3 - affine(x.sin()) / 2),
    "without_bias": lambda: Around(lambda x: affine(x.sin()), bias=False),
    "grouped": lambda: Around(lambda x: affine(x.sin()), groups=4),
    "over_whole_windows": lambda: Around(lambda x: affine(x.sin()), kernel_size=2, groups=2),
    "padded": lambda: Around(lambda x: GAINS[WIDTH] * x.sin(), kernel_size=3, padding=1),
}
BEFORE_REFUSES = {"shared": (lambda: Twice(lambda x: 1.4 * x), SHARED)}
BEFORE_OTHERS = {
    "padded_and_shifted": lambda: Around(lambda x: x.sin() + GAINS[WIDTH], kernel_size=3, padding=1),
    "read_twice": ReadTwice,
    "over": lambda: Around(lambda x: GAINS[WIDTH] / (x.sin() + 3)),
    "rectified": lambda: Around(lambda x: (1.4 * x).relu()),
}


class TestBefore(RuleTests):
    rule = fold_affine_before
    fires = BEFORE_FIRES
    refuses = BEFORE_REFUSES
    others = BEFORE_OTHERS
    gone = frozenset({"Mul", "Div", "Add", "Sub"})


PADDED_FIRES = {
    "depthwise": lambda: Around(lambda x: affine(x.sin()), kernel_size=3, padding=1, groups=4),
    "dense": lambda: Around(lambda x: affine(x.sin()), kernel_size=3, padding=2),
}


class TestBeforeWithPadding(RuleTests):
    """Zeros that a window is padded with are not shifted."""

    rule = fold_affine_before
    fires = PADDED_FIRES
    gone = frozenset({"Mul"})

    def test_the_shift_stays(self, rewritten: Rewritten) -> None:
        assert {part: rewritten.after(part).count("Add") for part in self.fires} == {
            "depthwise": 1,
            "dense": 1,
        }


def test_a_batch_norm_behind_is_folded() -> None:
    """In a file: PyTorch's exporter folds it by itself."""
    draw = np.random.default_rng(drawn_seed(0))
    tape = Tape()
    x, y = (
        ir.val(name, ir.DataType.FLOAT, ("batch", size, "positions")) for name, size in (("x", 8), ("y", 12))
    )
    weight = draw.normal(size=(12, 8, 3)).astype(np.float32)
    convolved = tape.op("Conv", [x, embed(tape, weight, "weight")], {"pads": [1, 1]})
    parameters = [embed(tape, draw.uniform(0.5, 2, 12).astype(np.float32), f"norm.{name}") for name in "gbmv"]
    tape.op("BatchNormalization", [convolved, *parameters], {"epsilon": 0.1}, output=y)
    graph = ir.Graph([x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports={"": 23})
    model = ir.Model(graph, ir_version=10)
    inputs = {"x": draw.normal(size=(2, 8, 5)).astype(np.float32)}
    before = ORT_CPU.runner(model)(inputs)["y"]
    apply(fold_affine_behind, model)
    assert operators(model) == {"Conv": 1}
    np.testing.assert_allclose(ORT_CPU.runner(model)(inputs)["y"], before, atol=1e-5 * np.abs(before).max())
