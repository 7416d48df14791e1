from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn
from torch.nn import functional

from edgeattn_export.capture.adapt import Adapted
from edgeattn_export.graph.shapes import sized_inputs


def test_a_pooled_axis_stays_dynamic(exported: Export) -> None:
    samples = [{"input": torch.randn(2, 3, n)} for n in (6, 13, 8)]
    captured, samples = exported(nn.MaxPool1d(4, 2, padding=1), samples)
    assert captured.notes == ()  # the first way led on
    inputs = sized_inputs(samples, captured.axes, {"sequence": 21})  # that no sample has
    actual = captured.engine.runner(captured.model)(inputs)
    np.testing.assert_array_equal(actual["output"], captured.reference(inputs)["output"])


@pytest.mark.parametrize(
    "arguments",
    [
        {"kernel_size": 3},
        {"kernel_size": (2,), "stride": (3,), "padding": (1,)},
        {"kernel_size": 3, "stride": 2, "dilation": 2, "ceil_mode": True},
        {"kernel_size": 3, "return_indices": True},
    ],
)
@pytest.mark.parametrize("pool", [functional.max_pool1d, torch.max_pool1d])
def test_the_maxima_are_pytorchs(pool: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    if pool is torch.max_pool1d and "return_indices" in arguments:
        pool = torch.max_pool1d_with_indices
        arguments = {"kernel_size": 3}
    x = torch.randn(2, 3, 11, generator=torch.Generator().manual_seed(0))
    with Adapted():
        actual = pool(x, **arguments)
    torch.testing.assert_close(actual, pool(x, **arguments))
    assert isinstance(actual, Tensor) is isinstance(pool(x, **arguments), Tensor)
