from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx_ir as ir
import pytest

import edgeattn_export
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.hosts import Elsewhere
from edgeattn_export.graph.hosts.environment import PythonEnvironment, folder_of, run_installer
from edgeattn_runtime.errors import BadInput, BundleError, IncompatibleRuntimeError
from edgeattn_runtime.graph import Graph, Tensor

X = {"x": np.array([[[-1.0, 2.0]]], np.float32)}
PATHS = (
    str(Path(edgeattn_export.__path__[0]).parent),
    str(Path(sys.modules["edgeattn_runtime"].__path__[0]).parent),
)
WORKER = "import sys; sys.path += sys.argv[1:]; from edgeattn_export.graph.hosts.worker import main; main()"


@dataclass(frozen=True)
class OfCommand:
    """An environment that is there, and starts a command."""

    code: str = WORKER
    name: str = "this"

    def missing(self) -> str | None:
        return None

    def install(self) -> None:
        pass

    def command(self) -> tuple[str, ...]:
        return (sys.executable, "-c", self.code, *PATHS)


HERE = Engine("onnxruntime", "1.23", ("CPUExecutionProvider",))
APART = replace(HERE, host=Elsewhere(OfCommand()))


@pytest.fixture
def double(by_hand: Callable[..., ir.Model]) -> ir.Model:
    return by_hand(2 * np.eye(2, dtype=np.float32))


def test_a_worker_answers_as_this_process_does(double: ir.Model) -> None:
    runner = APART.runner(double)
    np.testing.assert_array_equal(runner(X)["y"], HERE.runner(double)(X)["y"])
    call = runner.bind(X)
    assert call() is not X
    np.testing.assert_array_equal(runner({"x": -X["x"]})["y"], [[[2, -4]]])


def test_it_tells_what_it_is() -> None:
    assert "onnxruntime" in APART.host.machine()


def test_a_graph_in_a_worker_writes_into_bound_arrays(double: ir.Model) -> None:
    tensor = Tensor("x", "float32", (1, 1, 2)), Tensor("y", "float32", (1, 1, 2))
    graph = APART.graph(Graph(inputs=tensor[:1], outputs=tensor[1:]), double)
    x, y = X["x"].copy(), np.zeros((1, 1, 2), np.float32)
    call = graph.bind({"x": x}, {"y": y})
    x[...] = 3
    call()
    np.testing.assert_array_equal(y, [[[6, 6]]])


def test_what_the_engine_refuses_is_raised_here(by_hand: Callable[..., ir.Model]) -> None:
    unheard = by_hand(np.eye(2, dtype=np.float32), before="Unheard")
    with pytest.raises(IncompatibleRuntimeError, match="Unheard"):
        APART.runner(unheard)


def test_a_worker_that_ends_is_told_with_its_last_words(double: ir.Model) -> None:
    engine = replace(HERE, host=Elsewhere(OfCommand("import sys; sys.exit('no such device')")))
    with pytest.raises(BundleError, match="no such device"):
        engine.runner(double)


def test_what_is_missing_is_told_with_the_command(
    double: ir.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    host = Elsewhere(PythonEnvironment("absent", ("some-engine>=1",)))
    assert "some-engine" in str(host.missing())
    with pytest.raises(IncompatibleRuntimeError, match="--install absent"):
        replace(HERE, host=host).runner(double)
    assert folder_of("absent") == tmp_path / "absent"


def test_an_installer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEATTN_BACKENDS", str(tmp_path))
    monkeypatch.setattr("edgeattn_export.graph.hosts.environment.run_installer", _failing)
    with pytest.raises(BadInput, match="no space"):
        PythonEnvironment("full", ("some-engine",)).install()
    assert not (tmp_path / "full").exists()


def _failing(*command: str) -> None:
    if "venv" not in command:
        raise BadInput("no space")
    (Path(command[-1]) / "bin").mkdir()


def test_an_installer_that_is_missing_is_told() -> None:
    with pytest.raises(BadInput, match="no-such-installer"):
        run_installer("no-such-installer")
    with pytest.raises(BadInput, match=r"failed: the cause; the log's place$"):
        run_installer(sys.executable, "-c", 'import sys; sys.exit("the cause\\nthe log\'s place")')


def test_a_hosts_own_options_go_to_its_sessions(double: ir.Model) -> None:
    """Such as which device an emulator is; the engine's own options come first."""
    option = "optimization.minimal_build_optimizations"
    told = replace(APART, host=Elsewhere(OfCommand(), options={option: "nonsense"}))
    with pytest.raises(BundleError, match="minimal_build"):
        told.runner(double)
    replace(told, options={option: ""}).runner(double)
