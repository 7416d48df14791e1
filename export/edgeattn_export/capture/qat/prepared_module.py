"""A module that training has prepared for int8, as the float module that it is.

Before: linear(fq_x(x), fq_w(W), b)     fq rounds numbers to a grid, and yields floats (fake quantization)
After:  linear(x, fq_w(W), b)           W lies on its grid, and stays there; activations are not rounded

Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3. The weight that an optimizer moves is none that ever multiplied anything: what was
trained is its rounding. PyTorch's flows (``torch.ao.quantization``, eager and FX) and torchao's keep fq_w in
the module that has W, so that none of their classes has to be known.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from torch import Tensor, fx, nn
from torch.ao.quantization import ObserverBase

from edgeattn_export.capture.captured import Captured
from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.capture.qat.fake_quantizer import is_fake_quantizer, is_off, reach_from, rounded
from edgeattn_export.capture.qat.prepared_program import restore_layers, unread_grids
from edgeattn_export.capture.qat.program_quantizer import has_operators, restore_quantizers
from edgeattn_export.capture.trained_grids import FLOAT_TRAINED, Reach, Trained, lost_grids
from edgeattn_export.graph.runner import Runner
from edgeattn_export.graph.samples import Inputs
from edgeattn_runtime.errors import ModelError

_OF_WEIGHTS = ("weight_fake_quant", "weight_fake_quantizer")  # torch.ao's name, and torchao's
_OF_ACTIVATIONS = "activation_fake_quantizer"  # torchao's; torch.ao's have no name of their own

_CONVERTED = "torch.ao.nn.quantized"  # begins the names of modules of what ``convert`` makes
_QUANTIZED_TENSORS = "torchao."  # of the weights of what torchao converts
_QUANTIZED_OPERATORS = ("quantized_decomposed", "torchao")  # of the programs that ``convert_pt2e`` makes


def as_trained(module: nn.Module) -> tuple[nn.Module, Trained]:
    """Return the float module that a prepared one is, and which of its layers have a grid.

    Args:
        module: Left as it is. One that nothing has prepared is returned itself.

    Raises:
        ModelError: It is converted already, and has no float weights any more; or observed, and has no grids.
    """
    _check_unconverted(module)
    _check_unobserved(module)
    if not any(_rounds(part) for part in module.modules()):
        return module, FLOAT_TRAINED
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of PyTorch, on its own programs
        module = copy.deepcopy(module)
    layers: set[str] = set()
    lost: dict[str, list[str]] = {}  # by reason
    for program in [part for part in module.modules() if isinstance(part, fx.GraphModule)]:
        restore_quantizers(program)
        restore_layers(program)
        for weight, obstacle in unread_grids(program):
            lost.setdefault(obstacle, []).append(weight)
    for name, part in tuple(module.named_modules()):
        quantizer = _quantizer_of(part)
        if quantizer is None:
            continue
        reason = _why_lost(part, quantizer)
        if reason is None:
            part.weight = rounded(part.weight, quantizer)
            layers.add(name)
        else:
            lost.setdefault(reason, []).append(name)
        _take_out(part)
    for part in tuple(module.modules()):
        _take_out(part)
    notes = (note for reason, names in lost.items() for note in lost_grids(names, reason))
    return module, Trained(frozenset(layers), notes=tuple(notes))


def with_trained(captured: Captured, trained: Trained, inputs: Inputs) -> Captured:
    """Return a capture with what training quantized; real inputs show what reaches its layers."""
    reaches = _reaches(captured.reference, trained.layers, inputs)
    notes = (*captured.notes, *trained.notes)
    return replace(captured, trained=replace(trained, reaches=reaches), notes=notes)


class _Reaching(nn.Identity):
    """What stands for the fake quantization of an activation.

    Attributes:
        reach: Between which numbers that rounds.
    """

    def __init__(self, reach: Reach) -> None:
        super().__init__()
        self.reach = reach


def _reaches(runner: Runner, layers: Collection[str], inputs: Inputs) -> dict[str, Reach]:
    """Return between which numbers was rounded what layers read, where nothing comes in between."""
    if not isinstance(runner, Reference):
        return {}
    rounded: list[tuple[object, Reach]] = []  # held, so that none takes another's place in memory
    read: dict[str, set[Reach | None]] = {}

    def hold(part: nn.Module, _: object, output: object) -> None:
        if isinstance(part, _Reaching):
            rounded.append((output, part.reach))

    def look(name: str, _: nn.Module, arguments: tuple[object, ...]) -> None:
        reaches = (reach for value, reach in rounded if arguments and value is arguments[0])
        read.setdefault(name, set()).add(next(reaches, None))

    parts = dict(runner.module.named_modules())
    hooks = [part.register_forward_hook(hold) for part in parts.values()]
    hooks += [parts[name].register_forward_pre_hook(partial(look, name)) for name in layers]
    try:
        runner(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    single = {name: next(iter(each)) for name, each in read.items() if len(each) == 1}
    return {name: reach for name, reach in single.items() if reach is not None}


def _check_unconverted(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if _is_converted(part):
            layer = f"its layer {name!r}" if name else "it"
            raise ModelError(
                f"{type(module).__name__}: {layer} is converted to int8 already; a module with "
                "float weights expected, which the bundle is compared with: hand it over before convert"
            )


def _is_converted(part: nn.Module) -> bool:
    weights = (type(weight).__module__ for weight in part.parameters(recurse=False))
    nodes = part.graph.nodes if isinstance(part, fx.GraphModule) else ()
    operators = (getattr(node.target, "namespace", None) for node in nodes)
    return (
        type(part).__module__.startswith(_CONVERTED)
        or any(name.startswith(_QUANTIZED_TENSORS) for name in weights)
        or any(name in _QUANTIZED_OPERATORS for name in operators)
    )


def _check_unobserved(module: nn.Module) -> None:
    """Refuse what ``prepare`` makes: it looks on to find grids after training, and has none."""
    quantizers = [each for each in module.modules() if is_fake_quantizer(each)]
    trained = {id(part) for each in quantizers for part in each.modules()}
    for name, part in module.named_modules():
        observes = isinstance(part, ObserverBase) or "observer" in type(part).__module__.rpartition(".")[2]
        if observes and callable(getattr(part, "calculate_qparams", None)) and id(part) not in trained:
            raise ModelError(
                f"{type(module).__name__}: {name!r} observes it for int8 after training, and has trained no "
                "grid; hand over the module before prepare: edgeattn finds the grids"
            )


def _rounds(part: nn.Module) -> bool:
    return is_fake_quantizer(part) or _quantizer_of(part) is not None or has_operators(part)


def _quantizer_of(part: nn.Module) -> nn.Module | None:
    """Return what rounds the weight that a module has itself, or None."""
    attributes = (getattr(part, name, None) for name in _OF_WEIGHTS)
    has_weight = isinstance(getattr(part, "weight", None), Tensor)
    return next((each for each in attributes if isinstance(each, nn.Module) and has_weight), None)


def _why_lost(part: nn.Module, quantizer: nn.Module) -> str | None:
    if is_off(quantizer):
        return "its fake quantization is switched off"
    if isinstance(getattr(part, "bn", None), nn.Module):
        return "its weight is multiplied by a batch norm before it is rounded"
    return None


def _take_out(part: nn.Module) -> None:
    """Let what rounds inside a module return what it is given."""
    for name, child in tuple(part.named_children()):
        if name in (*_OF_WEIGHTS, _OF_ACTIVATIONS) or is_fake_quantizer(child):
            reach = reach_from(child)
            stand_in = nn.Identity() if reach is None else _Reaching(reach)
            setattr(part, name, stand_in.train(part.training))
