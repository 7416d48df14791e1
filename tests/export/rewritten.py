"""What one rule makes of parts that are captured side by side, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import onnx_ir as ir
from torch import nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.rule import Rule
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU

TOLERANCE = 1e-5  # of an output's largest value


def parts_of(
    part: Callable[[Any], nn.Module], table: Mapping[str, Any]
) -> dict[str, Callable[[], nn.Module]]:
    """Return what makes a part of each entry of a table."""
    return {name: partial(part, entry) for name, entry in table.items()}


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
) -> dict[str, float]:
    """Return the errors of a graph's outputs that are not PyTorch's, each as a share of its largest value.

    Args:
        captured: What PyTorch answers.
        samples: Of its inputs.
        model: The graph.
        shown: The entries of the last row that its mask leaves; None leaves all.
        sizes: Of the inputs, by axis.
    """
    inputs = dict(sized_inputs(samples, captured.axes, sizes))
    if shown is not None:
        inputs["seen"] = inputs["seen"].copy()
        inputs["seen"][-1, shown:] = 0
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    assert {name: value.shape for name, value in expected.items()} == {
        name: value.shape for name, value in actual.items()
    }
    errors = {
        name: float(np.abs(value - actual[name]).max() / np.abs(value).max())
        for name, value in expected.items()
    }
    return {name: error for name, error in errors.items() if not error < TOLERANCE}


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
    def by(cls, rule: Rule[Any], captured: Captured, samples: Samples, *behind: Rule[Any]) -> Rewritten:
        """Return what a rule makes of a copy, behind other rules."""
        model = captured.model.clone()
        for earlier in behind:
            apply(earlier, model)
        return cls(captured, samples, model, apply(rule, model))

    @property
    def fired(self) -> set[str]:
        """The parts where the rule fired."""
        return {site.module.removeprefix("parts.") for site in self.applied.sites}

    def before(self, part: str) -> list[str]:
        """Return the operators of a part before the rule."""
        return operators_of(self.captured.model, part)

    def after(self, part: str) -> list[str]:
        """Return the operators of a part behind it."""
        return operators_of(self.model, part)

    def unlike(self, shown: int | None = None, **sizes: int) -> dict[str, float]:
        """Return the errors of the outputs that are not PyTorch's: see ``unlike_pytorch``."""
        return unlike_pytorch(self.captured, self.samples, self.model, shown, **sizes)


Rewrite = Callable[..., Rewritten]
