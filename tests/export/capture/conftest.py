"""A function that compares a graph with its module, and what it is handed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from fixture_types import Alike, Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured

# The folders are no packages: their modules are found as those of a script beside them.
for folder in ("", "own_cache", "strategies"):
    sys.path.insert(0, str(Path(__file__).parent / folder))

Inputs = Mapping[str, Tensor]


@pytest.fixture(scope="session")
def alike(exported: Export) -> Alike:
    """A function that captures a module, and compares the graph with it on samples and on other inputs."""

    def check(
        module: nn.Module, raw: Iterable[Inputs], others: Iterable[Inputs] = (), tolerance: float = 1e-5
    ) -> Captured:
        samples = list(raw)
        captured, _ = exported(module, samples)
        runner = captured.engine.runner(captured.model)
        for inputs in (*samples, *others):
            arrays = {name: value.numpy() for name, value in inputs.items()}
            actual, expected = runner(arrays), captured.reference(arrays)
            assert actual.keys() == expected.keys()
            for name, value in expected.items():
                assert actual[name].dtype == value.dtype, name
                np.testing.assert_allclose(actual[name], value, rtol=tolerance, atol=tolerance, err_msg=name)
        return captured

    return check
