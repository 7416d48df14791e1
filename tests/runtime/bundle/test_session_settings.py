from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeattn_runtime import BadInput, load
from edgeattn_runtime.bundle import session_settings as settings
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings, available_cores
from edgeattn_runtime.engine.session import open_session
from edgeattn_runtime.timing.benchmark import bench

MANY_CORES, ONE_CORE = 64, 1
CPU = ("CPUExecutionProvider",)


@pytest.mark.parametrize(("cores", "threads"), [(MANY_CORES, 2), (ONE_CORE, 1)])
def test_a_bundle_opens_as_it_says_within_the_machines_cores(
    conformance: Path, monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setattr(settings, "available_cores", lambda: cores)
    net = load(conformance / "tuned.edge")
    assert net.settings == SessionSettings(threads=threads, arena=False)
    (run,) = bench(conformance / "tuned.edge", rounds=1).runs
    assert run.threads == threads


def test_the_caller_may_say_otherwise(conformance: Path) -> None:
    assert load(conformance / "tuned.edge", threads=3).settings == SessionSettings(threads=3, arena=False)
    assert load(conformance / "several.edge", threads=3).graph("lookup").settings.threads == 3


def test_a_bundle_that_says_nothing_opens_plain(good: Path) -> None:
    assert load(good).settings == PLAIN == SessionSettings()


@pytest.mark.parametrize(
    "settings", [PLAIN, SessionSettings(threads=2, spinning=True, arena=False, memory_pattern=False)]
)
def test_every_option_reaches_the_engine(good: Path, settings: SessionSettings) -> None:
    options = open_session(good / "model.onnx", providers=CPU, settings=settings).get_session_options()
    assert options.intra_op_num_threads == settings.threads
    assert options.enable_cpu_mem_arena is settings.arena
    assert options.enable_mem_pattern is settings.memory_pattern
    spins = options.get_session_config_entry("session.intra_op.allow_spinning")
    assert spins == ("1" if settings.spinning else "0")


def test_threads_must_be_some() -> None:
    with pytest.raises(BadInput, match="0 threads"):
        SessionSettings(threads=0)


def test_cores_are_those_that_the_process_may_use() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
