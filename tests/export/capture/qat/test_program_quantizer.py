from __future__ import annotations

import io

import pytest
import torch
from draws import drawn_seed
from torch import Tensor, fx, nn
from torch.ao import quantization
from torch.nn import functional

from edgeattn_export.capture.qat.prepared_module import as_trained
from edgeattn_export.capture.qat.program_quantizer import ProgramQuantizer, restore_quantizers

pytestmark = [
    pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please use quant_min and quant_max:UserWarning"),
]

X = torch.linspace(-1, 1, 32).reshape(4, 8)


class Net(nn.Module):
    """Two layers, the second of which is called twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.enter, self.inner, self.last = quantization.QuantStub(), nn.Linear(8, 16), nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(functional.relu(self.last(self.inner(self.enter(x)))))


def prepared(net: nn.Module) -> nn.Module:
    """Return a module after a step of training, its fake quantization fused as by PyTorch's defaults."""
    net.qconfig = quantization.get_default_qat_qconfig("fbgemm")  # type: ignore[assignment]
    module = quantization.prepare_qat(net.train())
    module(X)
    return module.eval().apply(quantization.disable_observer)


def saved(module: nn.Module, *inputs: Tensor) -> fx.GraphModule:
    """Return the program that a file holds of a module."""
    file = io.BytesIO()
    torch.export.save(torch.export.export(module, inputs), file)
    file.seek(0)
    program = torch.export.load(file).module()
    assert isinstance(program, fx.GraphModule)
    return program


def test_a_saved_program_has_the_trained_layers_of_the_module_that_it_was() -> None:
    module = prepared(Net())
    program = saved(module, X)
    (restored, trained), (expected, layers) = as_trained(program), as_trained(module)
    assert trained == layers
    assert trained.layers == {"inner", "last"}
    for name in ("inner.weight", "last.weight"):
        torch.testing.assert_close(restored.get_parameter(name), expected.get_parameter(name), rtol=0, atol=0)
    torch.testing.assert_close(restored(X), expected(X), rtol=0, atol=1e-6)  # which rounds no activations


def test_the_program_is_left_as_it_is() -> None:
    program = saved(prepared(Net()), X)
    code = program.code
    as_trained(program)
    assert program.code == code


def test_its_modules_round_as_its_operators_did() -> None:
    program = saved(prepared(Net()), X)
    answer = program(X)
    restore_quantizers(program)
    assert sum(isinstance(part, ProgramQuantizer) for part in program.modules()) == 6  # one for last's weight
    torch.testing.assert_close(program(X), answer, rtol=0, atol=0)


def test_what_is_switched_off_stays_so() -> None:
    module = prepared(Net()).apply(quantization.disable_fake_quant)
    restored, trained = as_trained(saved(module, X))
    assert not trained
    assert "its fake quantization is switched off" in trained.notes[0]
    torch.testing.assert_close(restored(X), module(X))


class Rounded(nn.Module):
    """A layer that calls PyTorch's operators itself."""

    def __init__(self, *, computed: bool) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.layer, self.computed = nn.Linear(8, 4), computed
        self.register_buffer("step", torch.full((4,), 0.01))
        self.register_buffer("zero", torch.zeros(4, dtype=torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        step = self.step * 2 if self.computed else self.step
        weight = torch.fake_quantize_per_channel_affine(self.layer.weight, step, self.zero, 0, -127, 127)
        return functional.linear(torch.fake_quantize_per_tensor_affine(x, 0.01, 3, 0, 255), weight)


def test_operators_that_have_numbers_for_their_grids_are_read_too() -> None:
    module = Rounded(computed=False)
    restored, trained = as_trained(saved(module, X))
    assert trained.layers == {"layer"}
    steps = restored.get_parameter("layer.weight") / 0.01
    torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-3)


def test_a_grid_that_is_computed_in_each_call_is_left_in_the_program() -> None:
    restored, trained = as_trained(saved(Rounded(computed=True), X))
    assert not trained
    assert "fake_quantize_per_channel_affine" in restored.code
