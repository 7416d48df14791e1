"""A function that finds a module's own cache; nothing is exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import torch
from draws import drawn_seed
from torch import nn

from edgeattn_export.capture import read_samples
from edgeattn_export.capture.own_cache.cache import OwnCache
from edgeattn_export.capture.own_cache.find import find_cache
from edgeattn_export.graph.axes import infer_axes


@pytest.fixture(scope="session")
def cache_of() -> Callable[[nn.Module, Iterable[object]], OwnCache | None]:
    """A function that finds the cache of a module on raw samples."""

    def find(module: nn.Module, raw: Iterable[object]) -> OwnCache | None:
        samples = read_samples(module.eval(), raw)
        return find_cache(module, samples, infer_axes(samples, None))

    return find


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(drawn_seed(0))
