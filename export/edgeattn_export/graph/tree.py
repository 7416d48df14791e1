"""What holds tensors: tuples, lists, dicts, and objects such as a Cache, whose attributes hold them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import nn


def is_tree(value: object) -> bool:
    """Say whether a value may be a cache: it holds tensors, or is an object or an empty list to hold them."""
    if isinstance(value, tuple | list | Mapping):
        return not value or bool(tensors_in(as_torch(value)))
    return _is_holder(value)


def tensors_in(value: object) -> tuple[torch.Tensor, ...]:
    """Return every tensor that a value holds, in its own order."""
    return tuple(_tensors(value, set()))


def fresh(value: object, batch: int) -> object:
    """Return a copy that a call may write into; tensors (B, ...) that hold nothing are given its batch."""
    held = tensors_in(value)
    if all(tensor.numel() for tensor in held):
        return copy.deepcopy(value, {id(tensor): tensor.detach().clone() for tensor in held})
    match value:
        case torch.Tensor():
            return value.new_zeros((batch, *value.shape[1:])) if len(value) else value
        case tuple():
            return tuple(fresh(item, batch) for item in value)
        case list():
            return [fresh(item, batch) for item in value]
        case _:
            return copy.deepcopy(value)


def as_torch(value: object) -> object:
    """Return the same with tensors for the numpy arrays in its tuples, lists and dicts."""
    match value:
        case np.ndarray():
            return torch.from_numpy(np.array(value))
        case tuple():
            return tuple(map(as_torch, value))
        case list():
            return list(map(as_torch, value))
        case dict():
            return {key: as_torch(item) for key, item in value.items()}
        case _:
            return value


def _tensors(value: object, seen: set[int]) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif id(value) not in seen:
        seen.add(id(value))
        for item in _items(value):
            yield from _tensors(item, seen)


def _items(value: object) -> Iterable[object]:
    match value:
        case Mapping():
            return value.values()
        case tuple() | list():
            return value
        case _ if _is_holder(value):
            return vars(value).values()
        case _:
            return ()


def _is_holder(value: object) -> bool:
    known = isinstance(value, torch.Tensor | np.ndarray | nn.Module | type)
    return hasattr(value, "__dict__") and not known and not callable(value)
