"""Names of Python's own mean other things to the functions that a forward reaches, inside a block."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from torch import nn

_NOT_THEIRS = {"torch", __name__.partition(".")[0]}  # whose code is no model's
_IMPLICIT = {"forward", "_forward_pre_hooks", "_forward_hooks", "__call__", "__getitem__", "__iter__"}
_HOLDERS = (staticmethod, classmethod, property, partial, MethodType, CellType, dict, list, tuple)


@contextmanager
def meaning(module: nn.Module, meanings: Mapping[str, object]) -> Iterator[None]:
    """Give names to the files of the functions that a module's forward reaches, where they have them not.

    Args:
        module: Its parts' forwards are followed, within the packages that the parts' classes come from.
        meanings: Names of Python's own, such as ``int``, and what they mean inside the block.
    """
    files = {id(function.__globals__): function.__globals__ for function in _reached(module)}.values()
    missing = [(names, name) for names in files for name in meanings if name not in names]
    try:
        for names, name in missing:
            names[name] = meanings[name]
        yield
    finally:
        for names, name in missing:
            names.pop(name, None)


def _reached(module: nn.Module) -> Iterator[FunctionType]:
    """Yield the functions of forward, and all that it may call by the names in its code."""
    parts = tuple(module.modules())
    packages = {_package(type(part).__module__) for part in parts} - _NOT_THEIRS
    used, owners = set(_IMPLICIT), [vars(part) for part in parts]  # names, and what has them as attributes
    pending, seen = list[Any](map(type, parts)), dict[int, Any]()
    while pending := pending or [
        value for owner in owners for name in used & owner.keys() if id(value := owner[name]) not in seen
    ]:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        match value:
            case FunctionType(__globals__=names):
                pending.append(value.__closure__)  # a decorated function is in its wrapper's
                if _package(names.get("__name__")) in packages:
                    yield value
                    own = set(_names(value.__code__))
                    used |= own
                    siblings = {f"{names.get('__package__')}.{name}" for name in own}  # from .name import ...
                    pending += [names[name] for name in own & names.keys()]
                    pending += [sys.modules[name] for name in (own | siblings) & sys.modules.keys()]
            case type(__module__=name) | ModuleType(__name__=name):
                if _package(name) in packages:
                    owners.append(vars(value))
                    pending += getattr(value, "__bases__", ())
                    if isinstance(value, type) and not issubclass(value, nn.Module):  # it is constructed
                        pending.append(vars(value).get("__init__"))
            case _ if isinstance(value, _HOLDERS):
                pending += gc.get_referents(value)
            case _ if _package(type(value).__module__) in packages:
                owners.append(getattr(value, "__dict__", {}))
                pending.append(type(value))


def _package(name: object) -> str:
    return str(name).partition(".")[0]


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function's code uses, and the code inside of it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
