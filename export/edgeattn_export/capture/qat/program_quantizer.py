"""The fake quantization of a saved program, as modules again.

Before: linear(fused_moving_avg_obs_fake_quant(x, ...), fused_moving_avg_obs_fake_quant(W, ...), b)
After:  linear(fq_x(x), fq_w(W), b)

``torch.export.export`` of a prepared program, or of a module that the eager flow prepared, keeps of what
rounds the operator that it calls, and its buffers.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, fx, nn

_FUSED = torch.ops.aten.fused_moving_avg_obs_fake_quant.default
_PER_CHANNEL = torch.ops.aten.fake_quantize_per_channel_affine.default
_PER_TENSOR = (
    torch.ops.aten.fake_quantize_per_tensor_affine.default,
    torch.ops.aten.fake_quantize_per_tensor_affine.tensor_qparams,
)
_OPERATORS = (_FUSED, _PER_CHANNEL, *_PER_TENSOR)


class ProgramQuantizer(nn.Module):
    """What an operator of a saved program rounds numbers to; its grid stays where training left it.

    The names are those of ``torch.ao.quantization.FakeQuantize``.

    Attributes:
        fake_quant_enabled: Whether it rounds, one number.
        scale: float32 (1,), or one step a channel (channels,).
        zero_point: int32, as many.
        axis: Of the channels; None where all numbers have one step.
        quant_min: The lowest stored number.
        quant_max: The highest.
    """

    fake_quant_enabled: Tensor
    scale: Tensor
    zero_point: Tensor

    def __init__(
        self, scale: Tensor, zero_point: Tensor, ends: tuple[int, int], axis: int | None, enabled: Tensor
    ) -> None:
        super().__init__()
        self.register_buffer("fake_quant_enabled", enabled)
        self.register_buffer("scale", scale.reshape(-1))
        self.register_buffer("zero_point", zero_point.reshape(-1))
        self.axis, (self.quant_min, self.quant_max) = axis, ends

    def forward(self, x: Tensor) -> Tensor:
        """Return the numbers of a float32 tensor on the grid, in float32 and of its shape."""
        if not self.fake_quant_enabled.any():
            return x
        grid, ends = (self.scale, self.zero_point), (self.quant_min, self.quant_max)
        if self.axis is None:
            return torch.fake_quantize_per_tensor_affine(x, *grid, *ends)
        return torch.fake_quantize_per_channel_affine(x, *grid, self.axis, *ends)


def has_operators(part: nn.Module) -> bool:
    """Say whether a program rounds by operators."""
    return isinstance(part, fx.GraphModule) and any(_is_rounding(node) for node in part.graph.nodes)


def restore_quantizers(program: fx.GraphModule) -> None:
    """Turn the operators by which a program rounds into modules, in place."""
    rounded: dict[str, fx.Node] = {}  # by what it is: a weight that two calls read is rounded once
    for node in tuple(filter(_is_rounding, program.graph.nodes)):
        what = f"{node.target} {node.args} {node.kwargs}"
        if what not in rounded:
            name = f"{node.name}_rounding"
            program.add_submodule(name, _quantizer(program, node))
            with program.graph.inserting_before(node):
                rounded[what] = program.graph.call_module(name, node.args[:1])
            rounded[what].meta = dict(node.meta)
        node.replace_all_uses_with(rounded[what])
        program.graph.erase_node(node)
    program.recompile()


def _is_rounding(node: fx.Node) -> bool:
    """Say whether a node rounds to a grid that the program has; others compute theirs in each call."""
    grid = (value for value in node.args[1:] if isinstance(value, fx.Node))
    return node.target in _OPERATORS and all(value.op == "get_attr" for value in grid)


def _quantizer(program: fx.GraphModule, node: fx.Node) -> ProgramQuantizer:
    operator: Any = node.target
    names = (argument.name for argument in operator._schema.arguments)
    given = dict(zip(names, node.args, strict=False)) | node.kwargs
    scale, zero_point = (_tensor(program, given[name]) for name in ("scale", "zero_point"))
    axis = given.get("axis", given.get("ch_axis")) if scale.numel() > 1 else None
    ends = (given["quant_min"], given["quant_max"])
    return ProgramQuantizer(
        scale, zero_point.int(), ends, axis, _tensor(program, given.get("fake_quant_on", 1))
    )


def _tensor(program: fx.GraphModule, value: Any) -> Tensor:
    """Return a buffer of a program, or a number that its graph has, as a tensor of its own."""
    return torch.as_tensor(
        attrgetter(str(value.target))(program) if isinstance(value, fx.Node) else value
    ).clone()
