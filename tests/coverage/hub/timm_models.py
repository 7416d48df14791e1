"""One model of every file of timm's models, small and random."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any
from unittest import mock

import timm
import torch
from hub.inputs import Makers, Size
from hub.shrinking import IMAGE, Plan, shrunk
from torch import Tensor, nn

BUILDER = "build_model_with_cfg"
PLANS = (Plan(1), Plan(2), Plan(1, narrow=False), None)  # None: as it is
SIDES = (IMAGE, 128, 224, 256)
SMALL = ("test", "atto", "femto", "pico", "nano", "xx", "tiny", "mini", "xs", "_t", "small", "_s", "b0", "0")


def names() -> list[str]:
    """Return every file of timm's models."""
    return timm.list_modules()


def attempts(file: str) -> Iterator[Callable[[], nn.Module]]:
    """Yield ways to build the smallest model of a file, the smallest first."""
    name = _smallest(timm.list_models(module=file))
    for plan in PLANS:
        yield partial(_build, file, name, plan)


def ways(module: nn.Module) -> Iterator[Makers]:
    """Yield ways to call a model: it takes images ``x``."""
    for side in SIDES:
        yield {"x": partial(_image, side=side)}


def _image(size: Size, draw: torch.Generator, *, side: int) -> Tensor:
    return torch.randn(size.batch, 3, side, side, generator=draw)


def _smallest(names: list[str]) -> str:
    def rank(name: str) -> tuple[int, int]:
        return next((i for i, hint in enumerate(SMALL) if hint in name), len(SMALL)), len(name)

    return min(names, key=rank)


def _build(file: str, name: str, plan: Plan | None) -> nn.Module:
    module = import_module(f"timm.models.{file}")
    if plan is None or not hasattr(module, BUILDER):
        return timm.create_model(name)
    with mock.patch.object(module, BUILDER, partial(_shrunk, plan, getattr(module, BUILDER))):
        return timm.create_model(name)


def _shrunk(plan: Plan, build: Any, cls: Any, *args: Any, **given: Any) -> nn.Module:
    """Build a model with less than what its file asks for."""
    takes = inspect.signature(cls).parameters
    defaults = {key: p.default for key, p in takes.items() if p.default is not p.empty}
    own = {key: value for key, value in given.items() if key in takes}
    small = shrunk({**defaults, **own}, plan)
    return build(cls, *args, **{**given, **small})
