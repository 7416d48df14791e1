"""A program that ``prepare_qat_pt2e`` of torchao made, its layers as modules again.

Before: linear(fq_x(x), fq_w(W), b)     a node each; only the graph knows that fq_w rounds a weight
After:  layer(fq_x(x))                  a module that has W, b and fq_w, as the eager flow prepares one

One reading then fits both flows, and a report names the layers of a program by the modules that they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from torch import Tensor, fx, nn

from edgeattn_export.capture.qat.fake_quantizer import is_fake_quantizer
from edgeattn_runtime.errors import ModelError

_LAYERS = ("linear", "conv1d", "conv2d", "matmul", "mm")  # operators; they multiply by their second argument
_TRAINING = {"dropout": 2, "batch_norm": 5}  # operators, with the argument that says that they train
_ATTENTION, _DROPOUT_P = "scaled_dot_product_attention", 4  # operator, with the argument that it drops by
_NOTED = "val"  # on each node of what torch.export made


class ProgramLayer(nn.Module):
    """What a program computes with one weight: ``operator(x, fq(W), b, ...)``, such as ``aten.linear``.

    Args:
        operator: Of the node.
        weight: Its second argument, in float.
        quantizer: Rounds that.
        bias: Its third, in float; None where it has none.
        others: Those that follow, such as strides.
    """

    def __init__(
        self,
        operator: Callable[..., Tensor],
        weight: nn.Parameter,
        quantizer: nn.Module,
        bias: nn.Parameter | None,
        others: tuple[Any, ...],
    ) -> None:
        super().__init__()
        self.operator, self.others = operator, others
        self.weight, self.weight_fake_quant, self.bias = weight, quantizer, bias

    def forward(self, x: Tensor) -> Tensor:
        """Return what the node does of the same input."""
        bias = () if self.bias is None else (self.bias,)
        return self.operator(x, self.weight_fake_quant(self.weight), *bias, *self.others)


def restore_layers(program: fx.GraphModule) -> None:
    """Turn the layers of a program whose weights it rounds into modules, in place.

    Raises:
        ModelError: It is in training mode.
    """
    names: dict[str, str] = {}  # of modules, by what they compute: calls share one as before
    owners: dict[str, str] = {}
    for node in tuple(program.graph.nodes):
        layer = _layer_of(program, node)
        if layer is not None:
            computed = f"{node.target} {node.args[1:]}"
            if computed not in names:
                name = names[computed] = f"{node.name}_layer"
                program.add_submodule(name, layer)
                owners[name] = str(_unrounded(program, node.args[1]).target).rpartition(".")[0]
            _call(program, node, names[computed])
    if owners:
        program.graph.eliminate_dead_code()
        program.delete_all_unused_submodules()
        _give_back(program, owners)
    if any(_NOTED in node.meta for node in program.graph.nodes):  # others are traced: modules know their mode
        _to_eval(program)
    program.recompile()


def unread_grids(program: fx.GraphModule) -> Iterator[tuple[str, str]]:
    """Yield each weight that a program rounds, but for no module, by name, and why no layer has its grid."""
    for node in program.graph.nodes:
        if not _is_rounded(program, node):
            continue
        source = node.args[0]
        if _parameter(program, source) is not None:
            yield str(source.target), "no linear layer or convolution reads it as it is"
        elif any(_multiplies_by(user, node) for user in node.users):
            weights = (each for each in source.all_input_nodes if _parameter(program, each) is not None)
            name = next((str(each.target) for each in weights), node.name)
            yield name, "its weight is multiplied by a batch norm before it is rounded"


def _to_eval(program: fx.GraphModule) -> None:
    """Let attention drop nothing, which torchao leaves as it is; refuse what else trains by its graph."""
    for node in program.graph.nodes:
        operator = _operator(node)
        place = _TRAINING.get(operator, len(node.args))
        if any(node.args[place : place + 1]):
            raise ModelError(
                f"{type(program).__name__}: a program in training mode found, by {node.name!r}; call "
                "torchao.quantization.pt2e.move_exported_model_to_eval on it"
            )
        if operator == _ATTENTION and len(node.args) > _DROPOUT_P:
            node.update_arg(_DROPOUT_P, 0.0)
    for part in program.modules():
        part.training = False


def _layer_of(program: fx.GraphModule, node: fx.Node) -> ProgramLayer | None:
    """Return the module that computes what a node does with a parameter that is rounded, or None."""
    operands: tuple[Any, ...] = node.args
    if node.kwargs or not _multiplies_by(node, *operands[1:2]) or not _is_rounded(program, operands[1]):
        return None
    weight, others = _parameter(program, _unrounded(program, operands[1])), operands[2:]
    bias = None
    if isinstance(next(iter(others), None), fx.Node):
        bias, others = _parameter(program, _unrounded(program, others[0])), others[1:]
        if bias is None:
            return None
    quantizer = program.get_submodule(operands[1].target)
    operator: Any = node.target
    return None if weight is None else ProgramLayer(operator, weight, quantizer, bias, others)


def _call(program: fx.GraphModule, node: fx.Node, name: str) -> None:
    """Let a program call a module in place of a node."""
    with program.graph.inserting_before(node):
        called = program.graph.call_module(name, node.args[:1])
    called.meta = dict(node.meta)
    node.replace_all_uses_with(called)
    program.graph.erase_node(node)


def _give_back(program: fx.GraphModule, owners: Mapping[str, str]) -> None:
    """Name layers as the modules that had their weights, where nothing else has the name."""
    for name, owner in owners.items():
        layer = program.get_submodule(name)
        if _is_free(program, owner) and program.add_submodule(owner, layer):
            program.delete_submodule(name)
            for node in program.graph.find_nodes(op="call_module", target=name):
                node.target = owner


def _is_free(program: fx.GraphModule, name: str) -> bool:
    try:
        attrgetter(name)(program)
    except AttributeError:
        return bool(name)
    return False


def _multiplies_by(node: fx.Node, weight: object = None) -> bool:
    return _operator(node) in _LAYERS and weight is not None and node.args[1] is weight


def _operator(node: fx.Node) -> str:
    """Return the name of the function that a node calls, such as ``linear`` of ``aten.linear.default``."""
    return str(getattr(node.target, "__name__", "")).partition(".")[0]


def _is_rounded(program: fx.GraphModule, value: object) -> bool:
    return (
        isinstance(value, fx.Node)
        and value.op == "call_module"
        and is_fake_quantizer(program.get_submodule(str(value.target)))
    )


def _unrounded(program: fx.GraphModule, value: Any) -> Any:
    """Return the node that a node rounds; one that rounds nothing is returned itself."""
    return value.args[0] if _is_rounded(program, value) else value


def _parameter(program: fx.GraphModule, value: object) -> nn.Parameter | None:
    if not isinstance(value, fx.Node) or value.op != "get_attr":
        return None
    found = attrgetter(str(value.target))(program)
    return found if isinstance(found, nn.Parameter) else None
