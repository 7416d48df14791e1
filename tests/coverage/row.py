"""One row of the table: a form taken through the workshop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from forms.form import Form
from torch import nn

from edgeattn_export.capture import Captured, capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.graph.dataflow import operators
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.trials import trials
from edgeattn_export.lower import Lowered, lower
from edgeattn_export.quantize import Calibration, Quantized, quantize
from edgeattn_export.recover import Recovered, recover
from edgeattn_export.targets.cpu import CPU

LIVELY = 0.2  # standard deviation of what is added to every weight


@dataclass(frozen=True, slots=True)
class Row:
    """A form, and what the workshop has made of it."""

    form: Form
    samples: Samples
    captured: Captured
    recovered: Recovered
    lowered: Lowered
    quantized: Quantized

    @property
    def attentions(self) -> int:
        """Attention operators in the recovered graph."""
        return operators(self.recovered.model).get("Attention", 0)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why attention was not kept whole, in the words of the report."""
        return tuple(
            dict.fromkeys(refused.reason for refused in self.recovered.refused if refused.rule == "attention")
        )


def row_of(form: Form) -> Row:
    """Build a form, and export it to int8.

    Raises:
        EdgeAttnError: As the workshop does.
    """
    torch.manual_seed(0)
    module = form.build().eval()
    _enliven(module)
    return taken_through(form, module)


def taken_through(form: Form, module: nn.Module, begin: Callable[[str], None] = lambda stage: None) -> Row:
    """Export a form's module to int8.

    Args:
        form: What the module is.
        module: In eval mode, its weights off their initial values.
        begin: Told of each stage.

    Raises:
        EdgeAttnError: As the workshop does.
    """
    begin("samples")
    samples = read_samples(module, form.samples())
    begin("capture")
    captured = capture(module, samples, infer_axes(samples, form.dynamic), CPU.engine)
    begin("recover")
    recovered = recover(captured, samples)
    begin("lower")
    lowered = lower(recovered.model, CPU.lowerings, CPU.engine, trials(samples, captured.axes))
    begin("quantize")
    known = Calibration(lowered.model, samples, CPU.engine, CPU.forms)
    return Row(form, samples, captured, recovered, lowered, quantize(known, CPU.candidates.plain))


def _enliven(module: nn.Module) -> None:
    """Move every weight off its initial value, so that scales, masks and positions show in the outputs."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(LIVELY * torch.randn_like(parameter))
