"""What one rule makes of parts that are captured side by side, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import onnx_ir as ir
import pytest
from numpy.typing import NDArray
from original import unlike_original
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.rule import Rule
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU


class Layered(nn.Module):
    """A linear layer, so that no two parts share a value, and what ``meet`` makes of its output.

    Args:
        meet: Of the output (B, S, W) and what it is given besides.
        given: What that is, of both inputs.
    """

    def __init__(
        self,
        meet: Callable[..., Tensor],
        given: Callable[[Tensor, Tensor], Iterable[Tensor]] = lambda x, seen: (),
    ) -> None:
        super().__init__()
        self.linear, self.meet, self.given = nn.Linear(8, 8), meet, given

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.meet(self.linear(x), *self.given(x, seen))


def nodes_of(model: ir.Model, part: str) -> list[ir.Node]:
    """Return the nodes that came from one part, or from within it."""
    return [node for node in model.graph if f"{module_of(node)}.".startswith(f"parts.{part}.")]


def operators_of(model: ir.Model, part: str) -> list[str]:
    """Return the operators of these nodes."""
    return [node.op_type for node in nodes_of(model, part)]


def attention_of(model: ir.Model, part: str) -> ir.Node:
    """Return the one Attention that a part became, and assert that it did."""
    (attention,) = (node for node in nodes_of(model, part) if node.op_type == "Attention")
    assert "Softmax" not in operators_of(model, part)
    return attention


def unlike_pytorch(
    captured: Captured, samples: Samples, model: ir.Model, shown: int | None = None, **sizes: int
) -> dict[str, str]:
    """Return by name why outputs of a graph are not PyTorch's: see ``unlike_original``.

    Args:
        captured: What PyTorch answers.
        samples: Of its inputs.
        model: The graph.
        shown: The entries of the last row that its mask leaves; None leaves all.
        sizes: Of the inputs, by axis.
    """
    inputs = masked_inputs(captured, samples, shown, **sizes)
    return unlike_original(captured, inputs, ORT_CPU.runner(model)(inputs))


def masked_inputs(
    captured: Captured, samples: Samples, shown: int | None, **sizes: int
) -> dict[str, NDArray[np.generic]]:
    """Return inputs of the asked sizes, with a mask that leaves ``shown`` entries of the last row or all."""
    inputs = dict(sized_inputs(samples, captured.axes, sizes))
    if shown is not None:
        inputs["seen"] = inputs["seen"].copy()
        inputs["seen"][-1, shown:] = 0
    return inputs


@dataclass(frozen=True)
class Rewritten:
    """Parts side by side.

    Attributes:
        captured: Before the rule.
        samples: Of all parts.
        model: Behind it.
        applied: What the rule did.
    """

    captured: Captured
    samples: Samples
    model: ir.Model
    applied: Applied

    @classmethod
    def by(cls, rule: Rule, captured: Captured, samples: Samples, *behind: Rule) -> Rewritten:
        """Return what a rule makes of a copy, behind other rules."""
        model = captured.model.clone()
        for earlier in behind:
            apply(earlier, model)
        return cls(captured, samples, model, apply(rule, model))

    @property
    def fired(self) -> set[str]:
        """The parts where the rule fired."""
        return {site.module.split(".")[1] for site in self.applied.sites}

    def before(self, part: str) -> list[str]:
        """Return the operators of a part before the rule."""
        return operators_of(self.captured.model, part)

    def after(self, part: str) -> list[str]:
        """Return the operators of a part behind it."""
        return operators_of(self.model, part)

    def unlike(self, shown: int | None = None, **sizes: int) -> dict[str, str]:
        """Return by name why outputs are not PyTorch's: see ``unlike_pytorch``."""
        return unlike_pytorch(self.captured, self.samples, self.model, shown, **sizes)


Rewrite = Callable[..., Rewritten]


class RuleTests:
    """What is asked of every rule; a test class derives from it.

    Attributes:
        rule: The rule.
        behind: Rules that are applied before it.
        part: Makes a module of an entry of the tables below.
        fires: Entries where it fires, by the part's name.
        others: Where it does not.
        refuses: Where it is refused, each with what the reason says.
        gone: Operators that are no more where it has fired.
        sizes: Of inputs for which all parts answer as PyTorch does.
    """

    rule: ClassVar[Rule]
    behind: ClassVar[tuple[Rule, ...]] = ()
    part: ClassVar[Callable[[Any], nn.Module]] = staticmethod(lambda make: make())
    fires: ClassVar[Mapping[str, Any]]
    others: ClassVar[Mapping[str, Any]] = {}
    refuses: ClassVar[Mapping[str, tuple[Any, str]]] = {}
    gone: ClassVar[frozenset[str]] = frozenset()
    sizes: ClassVar[tuple[Mapping[str, int], ...]] = ({"batch": 1}, {"batch": 3})

    @pytest.fixture(scope="class")
    @classmethod
    def rewritten(cls, rewrite: Rewrite) -> Rewritten:
        refused = {name: entry for name, (entry, _) in cls.refuses.items()}
        table = {**cls.fires, **cls.others, **refused}
        return rewrite(cls.rule, {name: partial(cls.part, each) for name, each in table.items()}, *cls.behind)

    def test_fires_where_it_should_and_nowhere_else(self, rewritten: Rewritten) -> None:
        assert rewritten.fired == set(self.fires), rewritten.fired
        assert {part: found for part in self.fires if (found := self.gone & {*rewritten.after(part)})} == {}

    def test_refuses_with_the_reason(self, rewritten: Rewritten) -> None:
        reasons = {refused.module.split(".")[1]: refused.reason for refused in rewritten.applied.refused}
        assert reasons.keys() == self.refuses.keys()
        assert [name for name, (_, reason) in self.refuses.items() if reason not in reasons[name]] == []

    def test_answers_as_pytorch(self, rewritten: Rewritten) -> None:
        assert {str(sizes): rewritten.unlike(**sizes) for sizes in self.sizes} == {
            str(sizes): {} for sizes in self.sizes
        }
