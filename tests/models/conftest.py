from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

import edgeattn
import edgeattn_runtime

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))

SIZE = 0.35  # of the float export's
SAMPLES = 240  # of each model's, and what so few can show of its metric
DROP = 0.05
RACE = 1.0  # seconds: no latency is asked for here


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[ModuleType], edgeattn_runtime.Model]:
    """A function that exports a model by the budget of its own file, and opens the bundle."""

    def export(source: ModuleType) -> edgeattn_runtime.Model:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("edgeattn.measure.race.RACE_SECONDS", RACE)
            bundle = edgeattn.export(
                source.model(),
                islice(source.samples(), SAMPLES),
                dynamic=source.dynamic,
                budget={**source.budget, "metric_drop": DROP},
                metric=source.metric,
                processing=source.processing,
                generation=getattr(source, "generation", None),
            )
        assert bundle.report.verdict == "pass"
        assert "Softmax" not in bundle.report.operators
        assert bundle.report.size_mb["int8"] <= SIZE * bundle.report.size_mb["float"]
        return edgeattn_runtime.load(bundle.save(tmp_path_factory.mktemp(source.__name__) / "model.edge"))

    return export
