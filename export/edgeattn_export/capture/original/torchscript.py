"""TorchScript -> a module that torch.export reads, by PyTorch's own converter.

The converter follows the graph that ``torch.jit`` holds, so the class that it was made of need not be there.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

import torch
from torch import nn
from torch._export.converter import TS2EPConverter

from edgeattn_export.capture.original.reference import Reference
from edgeattn_export.graph.agreement import Units
from edgeattn_export.graph.samples import Samples, stratified
from edgeattn_export.graph.tree import as_torch
from edgeattn_runtime.errors import ModelError

CONVERTED_TOLERANCE = 1e-4  # of what a channel varies by: the same operators of PyTorch on the same numbers
COMPARED_SAMPLES = 16  # from the smallest to the largest

TorchScript: TypeAlias = "torch.jit.ScriptModule | torch.jit.ScriptFunction[Any, Any]"


def is_torchscript(value: object) -> TypeGuard[TorchScript]:
    """True if a value is TorchScript itself, scripted, traced or loaded."""
    return isinstance(value, torch.jit.ScriptModule | torch.jit.ScriptFunction)


def torchscript_name(scripted: TorchScript) -> str:
    """Return the name of the class or function that TorchScript was made of, in lower case."""
    if isinstance(scripted, torch.jit.ScriptFunction):
        return str(scripted.name).lower()
    return str(scripted.original_name).lower()


def converted(scripted: TorchScript, sample: object) -> ConvertedTorchScript:
    """Convert TorchScript on a sample.

    Args:
        scripted: In eval mode.
        sample: A dict of tensors by parameter, a tuple of them, or a pair of one of these and a target.

    Raises:
        ModelError: The converter does not take it.
    """
    arguments = _arguments(_parameters(scripted), sample)
    try:  # torch.export takes a size of 1 for a constant
        program = _program(scripted, [_twice(value) for value in arguments.values()])
    except Exception:  # it takes no more rows, or cannot be converted at all
        try:
            program = _program(scripted, arguments.values())
        except Exception as error:
            raise ModelError(_refusal(scripted, error)) from error
    return _class_of(tuple(arguments))(scripted, program)


def _program(scripted: TorchScript, arguments: Iterable[object]) -> nn.Module:
    with warnings.catch_warnings(action="ignore"):  # of torch.jit, which is deprecated
        return TS2EPConverter(scripted, tuple(arguments)).convert().module()


def _twice(value: object) -> object:
    return torch.cat([value, value]) if isinstance(value, torch.Tensor) and value.ndim else value


def _class_of(names: Sequence[str]) -> type[ConvertedTorchScript]:
    """Return a class whose ``forward`` has these parameters, as samples are read against them."""

    def forward(self: ConvertedTorchScript, *inputs: object, **named: object) -> object:
        return self.program(*inputs, *(named[name] for name in names[len(inputs) :]))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in ("self", *names)]
    forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return type(ConvertedTorchScript.__name__, (ConvertedTorchScript,), {"forward": forward})


class ConvertedTorchScript(nn.Module):
    """TorchScript as a program of torch.export, with the parameters of its ``forward``."""

    def __init__(self, scripted: TorchScript, program: nn.Module) -> None:
        super().__init__()
        for refused in ("train", "eval"):  # which its graph, that knows one mode, raises from
            vars(program).pop(refused, None)
        self.program, self._original = program, (scripted,)  # in a tuple, as it is no part
        self.eval()

    def check(self, samples: Samples) -> None:
        """Compare the program with the TorchScript on samples of all sizes.

        Raises:
            ModelError: Their answers differ, or one fails on a sample.
        """
        (scripted,) = self._original
        original, converted = Reference(_Called(scripted)), Reference(self)
        inputs = stratified((sample.inputs for sample in samples), COMPARED_SAMPLES)
        answers = [original(each) for each in inputs]
        units = Units.of({name: value.shape[1:][-1:] for name, value in answers[0].items()}, answers)
        for each, expected in zip(inputs, answers, strict=True):
            differs = units.disagreement(expected, converted(each), CONVERTED_TOLERANCE)
            if differs is not None:
                raise ModelError(_refusal(scripted, ValueError(differs)))


class _Called(nn.Module):
    """TorchScript as a module; a function of it has none of a module's methods."""

    def __init__(self, scripted: TorchScript) -> None:
        super().__init__()
        self._scripted = (scripted,)

    def forward(self, **inputs: torch.Tensor) -> object:
        # Where it was called with gradients, its interpreter saves tensors, which those of inference refuse.
        with torch.inference_mode(False), torch.no_grad():
            return self._scripted[0](**{name: value.clone() for name, value in inputs.items()})


def _parameters(scripted: TorchScript) -> Sequence[str]:
    if isinstance(scripted, torch.jit.ScriptFunction):
        function: Any = scripted
        return [argument.name for argument in function.schema.arguments]
    method: Any = scripted.forward
    return [argument.name for argument in method.schema.arguments[1:]]  # behind the module itself


def _arguments(names: Sequence[str], sample: object) -> Mapping[str, object]:
    """Return what a sample gives, by name and in the order of forward."""
    match sample:
        case ((Mapping() | tuple() | list()) as inputs, _):
            return _arguments(names, inputs)
        case Mapping():
            return {name: as_torch(sample[name]) for name in names if name in sample}
        case tuple() | list():
            return {name: as_torch(value) for name, value in zip(names, sample, strict=False)}
    return {}


def _refusal(scripted: TorchScript, error: BaseException) -> str:
    reason = " ".join(str(error).split())[:200]
    if isinstance(scripted, torch.jit.ScriptFunction):
        return (
            f"TorchScript of the function {scripted.name}, which PyTorch's converter does not take "
            f"({reason}); nothing but the function in Python will do"
        )
    kind = scripted.original_name
    return (
        f"TorchScript of {kind}, which PyTorch's converter does not take ({reason}); nothing but the class "
        f"will do: build {kind} in Python, and load its weights: load_state_dict(scripted.state_dict())"
    )
