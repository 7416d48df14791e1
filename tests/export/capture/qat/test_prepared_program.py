from __future__ import annotations

import copy

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, fx, nn
from torch.ao import quantization
from torch.nn import functional

from edgeattn_export.capture.qat.prepared_module import as_trained, with_trained
from edgeattn_export.capture.qat.prepared_program import ProgramLayer
from edgeattn_runtime.errors import ModelError

pytestmark = pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")

X = torch.linspace(-1, 1, 32).reshape(4, 8)
of_activation = quantization.FakeQuantize.with_args(
    observer=quantization.MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8
)
of_weight = quantization.FakeQuantize.with_args(
    observer=quantization.MovingAveragePerChannelMinMaxObserver,
    quant_min=-127,
    quant_max=127,
    dtype=torch.qint8,
    qscheme=torch.per_channel_symmetric,
    ch_axis=0,
)


class Net(nn.Module):
    """Two layers, the first of them inside of another module."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(drawn_seed(0))
        self.inner, self.last = nn.Sequential(nn.Linear(8, 16), nn.ReLU()), nn.Linear(16, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.inner(x))


def prepared(net: nn.Module, *inputs: Tensor) -> fx.GraphModule:
    """Return a program that rounds what its layers read, as torchao's ``prepare_qat_pt2e`` does."""
    program = torch.export.export(net, inputs).module()
    assert isinstance(program, fx.GraphModule)
    layers = [node for node in program.graph.nodes if ".linear" in str(node.target)]
    for layer in layers:
        round_argument(program, layer, 0, of_activation())
        round_argument(program, layer, 1, of_weight())
    program(*inputs)
    return program


def round_argument(program: fx.GraphModule, node: fx.Node, place: int, quantizer: nn.Module) -> None:
    name = f"{node.name}_{place}_rounding"
    program.add_submodule(name, quantizer)
    with program.graph.inserting_before(node):
        node.update_arg(place, program.graph.call_module(name, (node.args[place],)))
    program.recompile()


def test_its_layers_are_modules_again_with_weights_on_their_grids() -> None:
    net = Net().eval()
    program = prepared(net, X)
    module, trained = as_trained(program)
    assert trained.layers == {"inner.0", "last"}
    assert trained.notes == ()
    for name, node in (("inner.0", "linear"), ("last", "linear_1")):
        layer, quantizer = module.get_submodule(name), program.get_submodule(f"{node}_1_rounding")
        assert isinstance(layer, ProgramLayer)
        steps = layer.weight / quantizer.scale[:, None]
        assert torch.allclose(steps, steps.round(), atol=1e-3)
        moved = (layer.weight - net.get_submodule(name).weight).abs()
        assert 0 < moved.max() <= 0.51 * quantizer.scale.max()
    assert not any(part.training for part in module.modules())


def test_it_answers_as_before_but_for_the_rounding_of_activations() -> None:
    program = prepared(Net().eval(), X)
    module, _ = as_trained(program)
    rounded = program(X)
    assert torch.allclose(module(X), rounded, atol=0.05)
    assert not torch.equal(module(X), rounded)
    for name, part in program.named_modules():
        if name.endswith("_0_rounding"):
            part.apply(quantization.disable_fake_quant)
    assert torch.equal(module(X), program(X))


def test_what_its_layers_read_reaches_as_far_as_in_training(exported: Export) -> None:
    module, trained = as_trained(prepared(Net().eval(), X))
    captured, samples = exported(module, [{"x": X}] * 4)
    reaches = with_trained(captured, trained, samples[0].inputs).trained.reaches
    assert reaches.keys() == {"inner.0", "last"}
    assert reaches["inner.0"] == pytest.approx((-1, 1), abs=0.01)  # 255 steps
    assert {node.metadata_props["edgeattn.module"] for node in captured.model.graph} >= {"inner.0", "last"}


def test_the_program_is_left_as_it_is() -> None:
    program = prepared(Net().eval(), X)
    before, code = copy.deepcopy(program.state_dict()), program.code
    as_trained(program)
    assert program.code == code
    assert all(torch.equal(value, before[name]) for name, value in program.state_dict().items())


def test_a_layer_that_is_called_twice_is_one() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(self.layer(x))

    program = torch.export.export(Twice().eval(), (X,)).module()
    assert isinstance(program, fx.GraphModule)
    first, second = program.graph.find_nodes(op="call_function", target=torch.ops.aten.linear.default)
    round_argument(program, first, 1, of_weight())
    second.update_arg(1, first.args[1])
    program.recompile()
    program(X)
    module, trained = as_trained(program)
    assert trained.layers == {"layer"}
    assert len(list(module.parameters())) == 2
    torch.testing.assert_close(module(X), program(X))


def test_a_table_that_shares_a_weight_keeps_its_own_and_its_name() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(drawn_seed(0))
            self.table = nn.Embedding(5, 8)

        def forward(self, ids: Tensor) -> Tensor:
            return functional.linear(self.table(ids), self.table.weight)

    net = Tied().eval()
    module, trained = as_trained(prepared(net, torch.arange(5)))
    assert trained.layers == {"linear_layer"}
    assert torch.equal(module.get_parameter("table.weight"), net.table.weight)
    assert not torch.equal(module.get_parameter("linear_layer.weight"), net.table.weight)


def test_a_module_that_has_a_program_inside_has_its_layers() -> None:
    _, trained = as_trained(nn.Sequential(prepared(Net().eval(), X)))
    assert trained.layers == {"0.inner.0", "0.last"}


def test_a_program_in_training_mode_is_refused() -> None:
    net = nn.Sequential(nn.Linear(8, 4), nn.Dropout(0.1)).train()
    with pytest.raises(
        ModelError, match=r"training mode found, by 'dropout'; call .*move_exported_model_to_eval"
    ):
        as_trained(prepared(net, X))


def test_attention_that_was_exported_in_training_drops_nothing() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(drawn_seed(0))
            self.layer = nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            x = self.layer(x)[None]
            return functional.scaled_dot_product_attention(x, x, x, dropout_p=0.5 * self.training)

    net = Attending()
    module, trained = as_trained(prepared(net.train(), X))
    assert trained.layers == {"layer"}
    torch.testing.assert_close(module(X), net.eval()(X), rtol=0, atol=0.05)


def test_a_weight_that_no_layer_reads_as_it_is_is_named() -> None:
    class Added(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.place = nn.Linear(8, 8), nn.Parameter(torch.ones(4, 8))

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x) + self.place

    program = prepared(Added().eval(), X)
    (added,) = program.graph.find_nodes(op="call_function", target=torch.ops.aten.add.Tensor)
    round_argument(program, added, 1, of_activation())
    program(X)
    _, trained = as_trained(program)
    assert trained.layers == {"layer"}
    (note,) = trained.notes
    assert note.startswith("No trained grid for 'place', where the search takes over: no linear layer ")


def test_a_weight_that_is_computed_first_is_named() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.scale = nn.Parameter(torch.ones(4, 8)), nn.Parameter(torch.ones(4, 1))

        def forward(self, x: Tensor) -> Tensor:
            return functional.linear(x, self.weight * self.scale)

    module, trained = as_trained(prepared(Scaled().eval(), X))
    assert not trained
    (note,) = trained.notes
    assert note == (
        "No trained grid for 'weight', where the search takes over: its weight is multiplied by a batch norm "
        "before it is rounded."
    )
    torch.testing.assert_close(module(X), X.sum(1, keepdim=True).expand(4, 4))
