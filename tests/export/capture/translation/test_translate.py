from __future__ import annotations

import torch
from draws import drawn_seed
from fixture_types import Alike
from torch import Tensor, nn

from edgeattn_export.capture.adapt.tracing import traceable
from edgeattn_export.capture.translation.translate import drop_checks

MARK = 7  # the token that a picture's feature stands for
LENGTHS = (5, 9, 6)


class Placed(nn.Module):
    """Puts features in the places of marked tokens, and checks that there are as many of both."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 8)

    def forward(self, tokens: Tensor, features: Tensor) -> Tensor:
        marked = tokens == MARK  # (B, S)
        count = marked.sum()
        torch._check_tensor_all(count * 9 - count == features.numel())  # of which one part is made of another
        embedded = self.embedding(tokens)  # (B, S, 8)
        return embedded.masked_scatter(marked[..., None].expand_as(embedded), features)


def samples() -> list[dict[str, Tensor]]:
    draw = torch.Generator().manual_seed(drawn_seed(0))
    made = []
    for batch, length in enumerate(LENGTHS, 1):
        tokens = torch.randint(8, 20, (batch, length), generator=draw)
        tokens[:, 1:3] = MARK
        made.append({"tokens": tokens, "features": torch.randn(batch, 2, 8, generator=draw)})
    return made


def operators(program: torch.export.ExportedProgram) -> set[str]:
    return {str(node.target) for node in program.graph.nodes if node.op == "call_function"}


def exported(module: nn.Module) -> torch.export.ExportedProgram:
    return torch.export.export(module.eval(), tuple(samples()[1].values()), strict=False)


def test_a_check_is_dropped_with_all_that_was_computed_for_it() -> None:
    program = exported(Placed())
    before = operators(program)
    drop_checks(program)
    dropped = before - operators(program)
    assert {"aten._assert_scalar.default", "aten._is_all_true.default", "aten.sum.default"} <= dropped
    assert "aten.masked_scatter.default" in operators(program)


class Routed(nn.Module):
    """Lists what is chosen under ``no_grad``, of which PyTorch checks that it is no longer than all."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            mask = nn.functional.one_hot(x.argmax(-1), 4)
            (mask.sum(0) > 0).nonzero()
        return x * mask.float()


def test_a_check_under_no_grad_is_dropped() -> None:
    with traceable():
        program = torch.export.export(Routed(), (torch.randn(5, 4),))
    assert "aten._assert_scalar.default" in operators(program)
    drop_checks(program)
    assert not {"aten._assert_scalar.default", "aten.nonzero.default"} & operators(program)


def test_a_program_without_checks_stays_as_it_is() -> None:
    program = torch.export.export(nn.ReLU(), (torch.ones(2),))
    before = str(program.graph)
    drop_checks(program)
    assert str(program.graph) == before


def test_a_module_that_checks_its_inputs_is_captured(alike: Alike) -> None:
    assert alike(Placed(), samples()).axes.symbols == ("batch", "sequence")


class Mapped(nn.Module):
    """Makes a causal mask by torch.vmap, whose beginning and end no other operator reads."""

    def forward(self, x: Tensor) -> Tensor:
        places = torch.arange(x.shape[1])
        later = torch.vmap(lambda place: places > place)(places)  # (S, S)
        return x[:, None].masked_fill(later, 0.0)


def test_what_no_check_needs_stays() -> None:
    program = torch.export.export(Mapped(), (torch.ones(2, 5),))
    before = [str(node) for node in program.graph.nodes]
    drop_checks(program)
    assert [str(node) for node in program.graph.nodes] == before
