"""What holds tensors: tuples, lists, dicts, and objects such as a Cache, whose attributes hold them.

A parameter of ``forward`` may take several inputs in one such value:

features = {"input_ids": t, "mask": u, "kind": "text"}
inputs                                            input_ids: t, mask: u
form                                              {"input_ids": InputSlot, "mask": InputSlot, "kind": "text"}
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

Path = tuple[str, ...]  # the keys and indices that lead to a leaf


def is_tree(value: object) -> bool:
    """Say whether a value may be a cache: it holds tensors, or is an object or an empty list to hold them."""
    if isinstance(value, tuple | list | Mapping):
        return not value or bool(tensors_in(as_torch(value)))
    return is_holder(value)


def is_holder(value: object) -> bool:
    """Say whether a value is an object whose attributes may hold tensors."""
    is_leaf = isinstance(value, torch.Tensor | np.ndarray | nn.Module | type)
    return hasattr(value, "__dict__") and not is_leaf and not callable(value)


def tensors_in(value: object) -> tuple[torch.Tensor, ...]:
    """Return every tensor that a value holds, in its own order."""
    return tuple(_tensors(value, set()))


def fresh_copy(value: object, batch: int) -> object:
    """Return a copy that a call may write into; tensors (B, ...) that hold nothing are given its batch."""
    tensors = tensors_in(value)
    if all(tensor.numel() for tensor in tensors):
        return copy.deepcopy(value, {id(tensor): tensor.detach().clone() for tensor in tensors})
    match value:
        case torch.Tensor():
            return value.new_zeros((batch, *value.shape[1:])) if len(value) else value
        case tuple():
            return tuple(fresh_copy(item, batch) for item in value)
        case list():
            return [fresh_copy(item, batch) for item in value]
        case _:
            return copy.deepcopy(value)


def as_torch(value: object) -> object:
    """Return the same with tensors for the numpy arrays in its tuples, lists and dicts."""
    return map_leaves(value, lambda _, leaf: _as_tensor(leaf))


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield all that tuples, lists and dicts hold, with its path; what is empty is a leaf itself."""
    items = list(_steps(value))
    for step, item in items:
        yield from leaves(item, (*path, step))
    if not items:
        yield path, value


def map_leaves(value: object, change: Callable[[Path, object], object], path: Path = ()) -> object:
    """Return the same tuples, lists and dicts, of what ``change`` makes of each leaf and its path."""
    match value:
        case Mapping():
            return {key: map_leaves(item, change, (*path, str(key))) for key, item in value.items()}
        case tuple() | list():
            items = [map_leaves(item, change, (*path, str(i))) for i, item in enumerate(value)]
            rebuilt: object = getattr(type(value), "_make", tuple if isinstance(value, tuple) else list)(
                items
            )
            return rebuilt
        case _:
            return change(path, value)


def _as_tensor(leaf: object) -> object:
    return torch.from_numpy(np.array(leaf)) if isinstance(leaf, np.ndarray) else leaf


def _steps(value: object) -> Iterator[tuple[str, object]]:
    match value:
        case Mapping():
            yield from ((str(key), item) for key, item in value.items())
        case tuple() | list():
            yield from ((str(i), item) for i, item in enumerate(value))


def _tensors(value: object, visited: set[int]) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif id(value) not in visited:
        visited.add(id(value))
        for item in _items(value):
            yield from _tensors(item, visited)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, tuple | list | Mapping):
        return (item for _, item in _steps(value))
    return vars(value).values() if is_holder(value) else ()


@dataclass(frozen=True, slots=True)
class InputSlot:
    """Where an input's tensor goes."""

    name: str


@dataclass(frozen=True, slots=True)
class InputTree:
    """The value of a parameter, with places for its inputs.

    Attributes:
        form: Dicts, tuples and lists; what they hold is a ``InputSlot``, or the same in every call.
    """

    form: object

    @classmethod
    def of(cls, value: object, names: Mapping[Path, str]) -> InputTree:
        """Return the form of a value.

        Args:
            value: Dicts, tuples and lists of tensors and other things.
            names: The inputs' names, by where they are in the value.
        """
        return cls(map_leaves(value, lambda path, leaf: InputSlot(names[path]) if path in names else leaf))

    def filled(self, tensors: dict[str, torch.Tensor]) -> object:
        """Return the value for one call, its inputs taken out of ``tensors``; its dicts and lists are new."""
        return map_leaves(
            self.form, lambda _, leaf: tensors.pop(leaf.name) if isinstance(leaf, InputSlot) else leaf
        )

    @property
    def slots(self) -> Mapping[Path, str]:
        """The inputs' names, by where they are in the value."""
        return {path: leaf.name for path, leaf in leaves(self.form) if isinstance(leaf, InputSlot)}

    @property
    def constants(self) -> Mapping[Path, object]:
        """What is the same in every call, by where it is in the value."""
        return {path: leaf for path, leaf in leaves(self.form) if not isinstance(leaf, InputSlot)}

    def __str__(self) -> str:
        """Name the inputs, and what is the same in every call."""
        inputs = ", ".join(self.slots.values())
        same = ", ".join(f"{'.'.join(path)} ({value!r})" for path, value in self.constants.items())
        return f"the inputs {inputs}; the same in every call: {same}" if same else f"the inputs {inputs}"
