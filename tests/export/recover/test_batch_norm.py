from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from rewritten import Rewritten
from torch import Tensor, nn

from edgeattn_export.graph.scopes import module_of
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.batch_norm import fold_batch_norm

TOLERANCE = 1e-5  # of the output's scale
WIDTH, SIDE = 8, 4


class Rows(nn.Module):
    """A linear layer whose rows are normed as one batch, as in LeViT."""

    def __init__(self, *, bias: bool, after: nn.Module | None = None) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(WIDTH, 6, bias=bias), nn.BatchNorm1d(6)
        self.after = after or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        rows = self.after(self.linear(x.flatten(2).transpose(1, 2)))  # (B, S, N)
        return self.norm(rows.flatten(0, 1)).reshape_as(rows)


class Positions(Rows):
    """Norms positions, not channels."""

    def __init__(self) -> None:
        super().__init__(bias=True)
        self.norm = nn.BatchNorm1d(SIDE * SIDE)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x.flatten(2).transpose(1, 2)))


class Shown(Rows):
    """What is normed is also an answer."""

    def __init__(self) -> None:
        super().__init__(bias=True)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.linear(x.flatten(2).transpose(1, 2))
        return rows + self.norm(rows.flatten(0, 1)).reshape_as(rows)


FIRES: Mapping[str, Callable[[], nn.Module]] = {
    "biased": lambda: Rows(bias=True),
    "unbiased": lambda: Rows(bias=False),
}
OTHERS: Mapping[str, Callable[[], nn.Module]] = {
    "alone": lambda: nn.BatchNorm2d(WIDTH),
    "positions": Positions,
    "shown": Shown,
    "an_activation_between": lambda: Rows(bias=True, after=nn.ReLU()),
}


class Parts(nn.Module):
    """The parts side by side, with statistics as training leaves them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.parts = nn.ModuleDict({name: part() for name, part in {**FIRES, **OTHERS}.items()})
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                    nn.init.uniform_(tensor, 0.5, 2.0)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {f"{name}.output": part(x) for name, part in self.parts.items()}


@pytest.fixture(scope="module")
def folded(exported: Export) -> Rewritten:
    torch.manual_seed(drawn_seed(0))
    batches = [{"x": torch.randn(batch, WIDTH, SIDE, SIDE)} for batch in (1, 2, 3)]
    return Rewritten.by(fold_batch_norm, *exported(Parts(), batches))


def test_it_fires_where_a_product_is_normed_and_nowhere_else(folded: Rewritten) -> None:
    assert len(folded.applied.sites) == len(FIRES)
    left = {module_of(node) for node in folded.model.graph if node.op_type == "BatchNormalization"}
    assert {module.split(".")[1] for module in left} == set(OTHERS)


def test_the_numbers_agree(folded: Rewritten, scaled_error: Callable[..., float]) -> None:
    runner = ORT_CPU.runner(folded.model)
    for sample in folded.samples:
        expected = folded.captured.reference(sample.inputs)
        assert scaled_error(expected, runner(sample.inputs)) < TOLERANCE


@pytest.mark.parametrize("part", FIRES)
def test_the_layer_keeps_its_module(folded: Rewritten, part: str) -> None:
    products = [node for node in folded.model.graph if node.op_type == "MatMul"]
    assert f"parts.{part}.linear" in {module_of(node) for node in products}
