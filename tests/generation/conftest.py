"""transformers' models as float bundles: each exported once, and opened as an app opens it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedModel

from edgeattn.source.module import ModuleSource
from edgeattn_export.incremental import with_cache
from edgeattn_export.pack import Label, TargetBuild, pack, save
from edgeattn_export.quantize import Recipe
from edgeattn_export.quantize.float_graphs import float_graphs
from edgeattn_export.quantize.graphs import int8_graphs
from edgeattn_export.recover import recover
from edgeattn_export.targets import lower_for
from edgeattn_export.targets.cpu import CPU
from edgeattn_runtime import Model, load
from edgeattn_runtime.bundle.golden import GoldenVectors, Sample
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
from transformers_models import build

FLOAT = Recipe("float", layers=(), rewrites=())


@dataclass(frozen=True)
class Both:
    """One network twice: as transformers generates with it, and as a bundle does."""

    original: PreTrainedModel
    bundle: Model


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Both]:
    """A function that exports one of the models by name, once a session."""

    @cache
    def export(name: str) -> Both:
        original, module, samples = build(name)
        folder = tmp_path_factory.mktemp(name) / f"{name}.edge"
        _save_float(ModuleSource.of(module, samples, name), folder)
        return Both(original, load(folder))

    return export


def _save_float(source: ModuleSource, folder: Path) -> None:
    real = source.read()
    samples = real.split()
    captured = source.capture(real, CPU.prover)
    cached = with_cache(captured, recover(captured, samples.calibration), samples.calibration)
    assert cached.graphs.generation is not None, cached.refused
    lowered = lower_for(CPU, cached, samples.calibration)
    floats = float_graphs(captured, lowered.graphs, samples, CPU.prover, CPU.forms, padding=None)
    parts = int8_graphs(floats, FLOAT)
    outputs = parts.graphs[MAIN_GRAPH].graph.outputs
    made = TargetBuild(
        target=CPU,
        parts=parts,
        tolerance={tensor.name: 0.1 for tensor in outputs},
        scores={},
        verdict="pass",
        measured=None,
    )
    first = lowered.graphs.samples(samples.calibration, CPU.prover)[MAIN_GRAPH][0].inputs
    sample = Sample(first, CPU.prover.runner(lowered.graphs.main.model)(first))
    spreads = {tensor.name: np.ones(tensor.channel_dims, np.float32) for tensor in outputs}
    golden = GoldenVectors((sample,), spreads)
    label = Label(name=source.name, budget={}, source=None)
    save(pack([made], golden, label=label, reports={"report.json": b"{}\n"}), folder)
