"""The operators of PyTorch that are translated to ONNX by a function of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from edgeattn_export.capture.adapt.grouped_products import grouped_mm_in_turn
from edgeattn_export.capture.adapt.running_extremes import cummax, cummin
from edgeattn_export.capture.adapt.searchsorted import searchsorted
from edgeattn_export.capture.adapt.slice_scatter import slice_scatter
from edgeattn_export.capture.adapt.squeeze import squeeze, squeeze_all

TRANSLATED: Mapping[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.edgeattn.grouped_mm.default: grouped_mm_in_turn,
    torch.ops.aten.cummax.default: cummax,
    torch.ops.aten.cummin.default: cummin,
    torch.ops.aten.searchsorted.Tensor: searchsorted,
    torch.ops.aten.slice_scatter.default: slice_scatter,
    torch.ops.aten.squeeze.default: squeeze_all,
    torch.ops.aten.squeeze.dim: squeeze,
}
