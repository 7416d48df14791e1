from __future__ import annotations

import copy

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, nn
from torch.ao import quantization
from torch.ao.quantization.quantize_fx import prepare_qat_fx

from edgeattn_export.capture.qat.prepared_module import as_trained, with_trained
from edgeattn_runtime.errors import ModelError

pytestmark = [
    pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please use quant_min and quant_max:UserWarning"),
]

X = torch.linspace(-1, 1, 32).reshape(4, 8)


class Net(nn.Module):
    """Two layers, the second behind an activation that has a fake quantization of its own."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.enter, self.leave = quantization.QuantStub(), quantization.DeQuantStub()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.leave(self.second(torch.relu(self.first(self.enter(x)))))


def eager() -> nn.Module:
    module = Net().train()
    module.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    return quantization.prepare_qat(module)


def traced() -> nn.Module:
    mapping = quantization.get_default_qat_qconfig_mapping("fbgemm")
    return prepare_qat_fx(Net().train(), mapping, (X,))


@pytest.fixture(params=[eager, traced])
def prepared(request: pytest.FixtureRequest) -> nn.Module:
    """A module after a step of training, by either of PyTorch's flows."""
    module = request.param()
    module(X)
    return module.eval()


def test_weights_lie_where_their_fake_quantization_puts_them(prepared: nn.Module) -> None:
    module, trained = as_trained(prepared)
    assert trained.layers == {"first", "second"}
    assert trained.notes == ()
    for name in trained.layers:
        layer, quantizer = getattr(module, name), getattr(prepared, name).weight_fake_quant
        steps = layer.weight / quantizer.scale[:, None]
        assert torch.allclose(steps, steps.round(), atol=1e-3)
        moved = (layer.weight - getattr(prepared, name).weight).abs()
        assert 0 < moved.max() <= 0.51 * quantizer.scale.max()


def test_activations_are_rounded_no_more(prepared: nn.Module) -> None:
    module, _ = as_trained(prepared)
    answer = module(X)
    fine = module(X * (1 + 1e-6))
    assert not torch.equal(answer, fine)
    assert torch.allclose(answer, prepared(X), atol=0.05)
    assert not any(hasattr(part, "fake_quant_enabled") for part in module.modules())
    assert not any(part.training for part in module.modules())


def test_layers_that_read_what_was_rounded_know_how_far_it_reached(
    prepared: nn.Module, exported: Export
) -> None:
    module, trained = as_trained(prepared)
    captured, samples = exported(module, [{"x": X[i : i + 1]} for i in range(4)])
    reaches = with_trained(captured, trained, samples[0].inputs).trained.reaches
    is_traced = isinstance(prepared, torch.fx.GraphModule)  # which rounds behind an activation too
    assert reaches.keys() == ({"first", "second"} if is_traced else {"first"})
    assert reaches["first"] == pytest.approx((-1, 1), abs=0.02)  # 127 steps


def test_what_was_handed_over_stays_as_it_is(prepared: nn.Module) -> None:
    before = copy.deepcopy(prepared.state_dict())
    as_trained(prepared)
    after = prepared.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_module_that_nothing_prepared_is_itself() -> None:
    plain = Net()
    module, trained = as_trained(plain)
    assert module is plain
    assert not trained


def test_switched_off_it_leaves_the_weight_and_says_so() -> None:
    prepared = eager()
    prepared(X)
    prepared.apply(quantization.disable_fake_quant)
    module, trained = as_trained(prepared.eval())
    assert not trained
    assert trained.notes == (
        "No trained grid for 'first', 'second', where the search takes over: its fake quantization is "
        "switched off.",
    )
    assert torch.equal(module.first.weight, prepared.first.weight)


def test_a_weight_that_a_batch_norm_multiplies_first_has_no_grid() -> None:
    module = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)).train()
    module.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    fused = torch.ao.quantization.fuse_modules_qat(module, [["0", "1"]])
    prepared = quantization.prepare_qat(fused)
    prepared(torch.ones(1, 2, 4, 4))
    _, trained = as_trained(prepared.eval())
    assert not trained
    assert "batch norm" in trained.notes[0]


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor, torch.quantize_per_channel:UserWarning")
def test_a_converted_module_is_refused() -> None:
    prepared = eager()
    prepared(X)
    converted = quantization.convert(prepared.eval())
    with pytest.raises(ModelError, match=r"^Net: its layer '\w+' is converted .* before convert$"):
        as_trained(converted)


def test_a_module_that_is_observed_after_training_is_refused() -> None:
    net = Net().eval()
    net.qconfig = quantization.get_default_qconfig("fbgemm")  # type: ignore[assignment]
    with pytest.raises(ModelError, match=r"^Net: '.*' observes it for int8 after training.* before prepare"):
        as_trained(quantization.prepare(net))


def test_weights_of_torchao_are_refused() -> None:
    quantized = type("Int8Tensor", (nn.Parameter,), {"__module__": "torchao.quantization"})
    net = nn.Sequential(nn.Linear(4, 4))
    net[0].weight = quantized(net[0].weight.detach())
    with pytest.raises(ModelError, match=r"^Sequential: its layer '0' is converted to int8 already"):
        as_trained(net)


class Rounding(nn.Module):
    """Rounds to steps of 1/4, as torchao's modules do."""

    def forward(self, x: Tensor) -> Tensor:
        return (4 * x).round() / 4


def test_torchao_names_them_otherwise() -> None:
    class FakeQuantizedLinear(nn.Linear):
        """Such as ``torchao.quantization.qat.linear.FakeQuantizedLinear``."""

        def __init__(self) -> None:
            super().__init__(8, 4)
            self.activation_fake_quantizer, self.weight_fake_quantizer = Rounding(), Rounding()

        def forward(self, x: Tensor) -> Tensor:
            x = self.activation_fake_quantizer(x)
            return nn.functional.linear(x, self.weight_fake_quantizer(self.weight), self.bias)

    prepared = FakeQuantizedLinear()
    module, trained = as_trained(nn.Sequential(prepared))
    assert trained.layers == {"0"}
    weight = prepared.weight_fake_quantizer(prepared.weight)
    assert torch.equal(module(X), nn.functional.linear(X, weight, prepared.bias))
