from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeattn.measure.variants import engine_of
from edgeattn_export.graph.hosts import HERE
from edgeattn_export.targets.cpu_1_21 import CPU_1_21


def test_a_variant_whose_environment_is_not_installed_is_opened_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    assert engine_of(SimpleNamespace(engine=CPU_1_21.engine, target=CPU_1_21.name)).host is HERE
