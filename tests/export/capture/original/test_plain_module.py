from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture.original.plain_module import plain_module
from edgeattn_runtime.errors import ModelError


def test_double_precision_is_refused_with_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"^Sequential: .*'0\.weight' is float64, float32 .* \.float\(\)"):
        plain_module(nn.Sequential(nn.Linear(2, 2)).double())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_of_half_precision_a_copy_in_single_is_taken(dtype: torch.dtype) -> None:
    actual = str(dtype).removeprefix("torch.")
    module = nn.Sequential(nn.Linear(2, 2)).to(dtype)
    with pytest.warns(UserWarning, match=rf"^Sequential: its parameter '0\.weight' is {actual}: a copy "):
        single = plain_module(module)
    assert single(torch.ones(1, 2)).dtype == torch.float32
    assert single.state_dict()["0.weight"].tolist() == module.state_dict()["0.weight"].tolist()
    assert module[0].weight.dtype == dtype  # as its owner left it


class Shifted(nn.Module):
    def __init__(self, shift: Tensor) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("shift", shift, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + self.shift


def test_buffers_of_half_precision_are_named_and_converted() -> None:
    with pytest.warns(UserWarning, match=r"^Shifted: its buffer 'shift' is bfloat16: a copy in float32"):
        single = plain_module(Shifted(torch.ones(2, dtype=torch.bfloat16)))
    assert dict(single.named_buffers())["shift"].dtype == torch.float32
    exact = Shifted(torch.ones(2, dtype=torch.float64))
    assert plain_module(exact) is exact


class Stubborn(nn.Linear):
    def float(self) -> Stubborn:
        return self


class Uncopied(nn.Linear):
    def __deepcopy__(self, _: object) -> Uncopied:
        raise RuntimeError("a handle of the machine")


@pytest.mark.parametrize("kind", [Stubborn, Uncopied])
def test_half_precision_that_stays_is_refused(kind: type[nn.Linear]) -> None:
    with pytest.raises(
        ModelError, match=rf"^{kind.__name__}: its parameter 'weight' is bfloat16, float32 exp"
    ):
        plain_module(kind(2, 2).bfloat16())


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore:`torch.jit:FutureWarning")
def test_torchscript_as_a_layer_is_refused_by_its_name(tmp_path: Path) -> None:
    module, inputs = Shifted(torch.ones(2)).eval(), torch.ones(1, 2)
    torch.jit.script(module).save(tmp_path / "shifted.pt")
    line = (
        r"^Sequential: its layer '1' is TorchScript of Shifted, .*; nothing but the class will do: build Shi"
    )
    for scripted in (torch.jit.load(tmp_path / "shifted.pt"), torch.jit.trace(module, inputs)):
        with pytest.raises(ModelError, match=line):
            plain_module(nn.Sequential(nn.Linear(2, 2), scripted))


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
