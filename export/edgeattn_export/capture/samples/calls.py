"""Samples as their user hands them over -> what each call gives ``forward``, and the sample's target."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from edgeattn_export.capture.samples.nested_inputs import CallValues, call_failure
from edgeattn_runtime.errors import ModelError, SampleError


@dataclass(frozen=True, slots=True)
class Forward:
    """A module in eval mode, and the names that its ``forward`` takes."""

    module: nn.Module
    names: tuple[str, ...]
    required: frozenset[str]

    @classmethod
    def of(cls, module: nn.Module) -> Forward:
        """Read a module's signature.

        Raises:
            ModelError: It names no input.
        """
        takes = [
            p
            for p in inspect.signature(module.forward).parameters.values()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY, p.POSITIONAL_ONLY)
        ]
        if not takes:
            raise ModelError(
                f"{type(module).__name__}: its forward{inspect.signature(module.forward)} names no input; "
                "expected one parameter an input, such as forward(self, tokens, mask)"
            )
        required = frozenset(p.name for p in takes if p.default is p.empty)
        return cls(module, tuple(p.name for p in takes), required)


def calls_of(
    forward: Forward, raw: Sequence[object], start: int = 0
) -> tuple[list[CallValues], list[object]]:
    """Return what each sample gives ``forward``, by parameter and in its order, and each sample's target.

    Where ``forward`` takes one dict, the dict's own keys may stand in the place of the parameter's name.

    Args:
        forward: What is called.
        raw: Samples.
        start: The place of the first of them among all.

    Raises:
        SampleError: A sample is neither a dict, nor a tuple, nor a pair of one and a target; or its names are
            not those of ``forward``.
    """
    parted = [_sample_parts(forward, i, sample) for i, sample in enumerate(raw, start)]
    parameter = _dict_parameter(forward, parted[0][0]) if parted else None
    calls: list[CallValues] = []
    for i, (inputs, _) in enumerate(parted, start):
        values = {parameter: inputs} if parameter is not None and parameter not in inputs else inputs
        _check_names(forward, i, values)
        calls.append({name: values[name] for name in forward.names if name in values})
    return calls, [target for _, target in parted]


def _sample_parts(forward: Forward, index: int, raw: object) -> tuple[Mapping[str, object], object]:
    """Return the inputs of a sample by name, and its target."""
    inputs, target = raw, None
    match raw:
        case ((Mapping() | tuple() | list()) as parts, label):
            inputs, target = parts, label
        case tuple() | list() if len(raw) == len(forward.names) + 1:  # a data set's usual (input, label)
            inputs, target = raw[:-1], raw[-1]
    if isinstance(inputs, Mapping):
        return inputs, target
    if not isinstance(inputs, tuple | list) or not _are_inputs(forward, inputs):
        raise SampleError(
            f"sample {index}: {type(raw).__name__} found; expected a dict of inputs by name, a tuple of "
            "tensors, or a pair of such and a target"
        )
    return dict(zip(forward.names, inputs, strict=False)), target


def _are_inputs(forward: Forward, values: Sequence[object]) -> bool:
    tensors = all(isinstance(value, torch.Tensor | np.ndarray) for value in values)
    return tensors and len(values) <= len(forward.names)


def _dict_parameter(forward: Forward, inputs: Mapping[str, object]) -> str | None:
    """Return the parameter that takes all inputs as one dict; None where they are named as parameters are."""
    if len(forward.required) != 1 or not inputs or set(inputs) & set(forward.names):
        return None
    (name,) = forward.required
    reason = call_failure(forward.module, {name: inputs})
    if reason is not None:
        raise SampleError(f"{_unknown_names(forward, 0, inputs)}; as one dict for {name} they fail: {reason}")
    return name


def _check_names(forward: Forward, index: int, inputs: Mapping[str, object]) -> None:
    if set(inputs) - set(forward.names):
        raise SampleError(_unknown_names(forward, index, inputs))
    missing = [name for name in forward.names if name in forward.required and name not in inputs]
    if missing:
        raise SampleError(_misnamed_message(forward, index, f"no {', '.join(missing)}"))


def _unknown_names(forward: Forward, index: int, inputs: Mapping[str, object]) -> str:
    names = ", ".join(str(name) for name in inputs if name not in forward.names)
    return _misnamed_message(forward, index, f"unknown {names}")


def _misnamed_message(forward: Forward, index: int, problem: str) -> str:
    return f"sample {index}: {problem}; forward takes {', '.join(forward.names)}; name each input after it"
