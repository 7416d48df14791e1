from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture.plain_module import plain_module
from edgeattn_runtime.errors import ModelError


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_weights_of_another_precision_are_refused_with_what_to_do(dtype: torch.dtype) -> None:
    actual = str(dtype).removeprefix("torch.")
    with pytest.raises(ModelError, match=rf"^Sequential: .*'0\.weight' .*{actual}, float32 "):
        plain_module(nn.Sequential(nn.Linear(2, 2)).to(dtype))


def test_a_single_number_may_be_more_precise() -> None:
    module = nn.Linear(2, 2)
    module.scale = nn.Parameter(torch.ones((), dtype=torch.float64))
    assert plain_module(module) is module


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, where it compiles
def test_of_a_compiled_module_the_original_is_meant() -> None:
    module = nn.Linear(2, 2)
    assert plain_module(torch.compile(module)) is module


class Wrapper(nn.Module):
    """A module that is called in a way of its own, and has no forward."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(2, 2)


class Network(Wrapper):
    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


@pytest.mark.parametrize("wrapped", [Wrapper(), SimpleNamespace(model=nn.Linear(2, 2))])
def test_of_what_wraps_a_module_its_model_is_meant(wrapped: object) -> None:
    with pytest.warns(UserWarning, match="model, Linear"):
        assert isinstance(plain_module(wrapped), nn.Linear)


def test_a_module_with_a_forward_is_itself_meant() -> None:
    network = Network()
    assert plain_module(network) is network


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ModelError, match=r"^module: int "):
        plain_module(5)
    with pytest.raises(ModelError, match=r"^module: SimpleNamespace "):
        plain_module(SimpleNamespace(model="weights.pt"))
