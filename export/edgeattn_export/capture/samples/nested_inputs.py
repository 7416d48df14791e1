"""Parameters of a ``forward`` that take several inputs in one value, such as a dict: found by calling it.

forward(features), features = {"input_ids": t, "mask": u}       inputs input_ids, mask
forward(maps, scale), maps = [t, u], scale = v                  inputs maps.0, maps.1, scale
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from edgeattn_export.capture.original.answer import named_outputs
from edgeattn_export.graph.tree import InputTree, Path, as_torch, leaves, tensors_in
from edgeattn_runtime.errors import SampleError

CallValues = Mapping[str, object]  # what a call is given, by parameter


def call_failure(module: nn.Module, values: CallValues) -> str | None:
    """Say how a module fails on the values of its parameters; None where it does not."""
    try:
        _call(module, values)
    except Exception as error:  # of whatever kind: it is the module's own
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return None


def nested_inputs(
    module: nn.Module, required: frozenset[str], calls: Sequence[CallValues]
) -> dict[str, InputTree]:
    """Return the form of each value that holds several inputs, with their names.

    Such a value is given in every sample, and is no past: the module needs it, or returns nothing like it. An
    input is called by its keys, or by its parameter too where the value is a list or two would have one name.

    Args:
        module: In eval mode.
        required: The parameters of its ``forward`` that have no default.
        calls: What each sample gives.
    """
    first = calls[0] if calls else {}
    names = [
        name
        for name in first
        if all(_holds_tensors(values.get(name)) for values in calls)
        and not _is_past(module, required, first, name)
    ]
    input_names = _names(first, names)
    return {
        name: InputTree.of(
            first[name], {path[1:]: input_ for path, input_ in input_names.items() if path[0] == name}
        )
        for name in names
    }


def flat_inputs(sample: int, form: InputTree, value: object) -> Iterator[tuple[str, object]]:
    """Yield the inputs in a value by name, in the order that the first sample has them.

    Raises:
        SampleError: What is no tensor differs from the first sample's.
    """
    leaves_by_path = dict(leaves(value))
    tensors = {
        path: leaf for path, leaf in leaves_by_path.items() if isinstance(leaf, torch.Tensor | np.ndarray)
    }
    for path in {**form.constants, **leaves_by_path}.keys() - tensors.keys() - form.slots.keys():
        actual, expected = leaves_by_path.get(path), form.constants.get(path)
        if actual != expected:
            raise SampleError(
                f"sample {sample}, input {'.'.join(path)!r}: {actual!r} found, {expected!r} expected as in "
                "sample 0; what is no tensor is fixed: make it a tensor, or leave such samples out"
            )
    for path in {**form.slots, **tensors}:
        if path in tensors:
            yield form.slots.get(path, ".".join(path)), tensors[path]


def _call(module: nn.Module, values: CallValues) -> object:
    with torch.inference_mode():
        return module(**{name: as_torch(value) for name, value in values.items()})


def _holds_tensors(value: object) -> bool:
    return isinstance(value, tuple | list | Mapping) and bool(tensors_in(as_torch(value)))


def _is_past(module: nn.Module, required: frozenset[str], values: CallValues, name: str) -> bool:
    """Say whether the module may have returned a value: it runs without, and returns tensors as these."""
    others = {other: value for other, value in values.items() if other != name}
    if name in required:
        others[name] = None
    try:
        returned = named_outputs(_call(module, others))
    except Exception:  # it needs the value, or fails anyway, which is reported when it is captured
        return False
    return _ranks(values[name]) in map(_ranks, returned.values())


def _ranks(value: object) -> tuple[int, ...]:
    return tuple(tensor.ndim for tensor in tensors_in(as_torch(value)))


def _names(values: CallValues, nested: Sequence[str]) -> dict[Path, str]:
    """Return the inputs' names by their paths, each of which begins with a parameter."""
    paths = [
        (name, *path)
        for name in nested
        for path, leaf in leaves(values[name])
        if isinstance(leaf, torch.Tensor | np.ndarray)
    ]
    keys = {path: ".".join(path[1:] if isinstance(values[path[0]], Mapping) else path) for path in paths}
    uses = Counter([*keys.values(), *(name for name in values if name not in nested)])
    return {path: keys[path] if uses[keys[path]] == 1 else ".".join(path) for path in paths}
