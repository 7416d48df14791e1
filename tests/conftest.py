"""What holds for every test, and must before anything is imported: a cache of its own, one thread.

Where CI is set, a skipped test has failed: CI installs all that the tests need. A worker runs all tests of a
file, or of a folder; what takes longest is begun first, so that all workers end together.
"""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from copy import copy
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# The folder is no package: its modules are found as those of a script beside them.
sys.path.insert(0, str(Path(__file__).parent))
import draws

HERE = Path(__file__).parent
pytest.register_assert_rewrite(  # modules that tests import assert as tests do
    *{path.stem for path in HERE.rglob("*.py") if not path.stem.startswith(("test_", "conftest", "draws"))}
)

# Folders whose files share what takes long to derive: one worker runs all of each.
ONE_WORKER = ("export/incremental/kv_cache",)
LONGEST_FIRST = (
    "export/incremental/kv_cache",
    "models/used/test_reference_models.py",
    "web/test_serve.py",
    "edgeattn/sweep/faults/test_sweep.py",
    "models/used/test_models_in_use.py",
    "models/used/test_generating_models.py",
    "export/recover/attention/test_attention.py",
    "edgeattn/devices/test_export_on.py",
    "edgeattn/partitions/faults/test_workers.py",
    "export/recover/test_spellings.py",
    "export/capture/strategies/test_ladder.py",
    "web/test_chromium.py",
    "web/test_reading.py",
)

_CACHE = tempfile.TemporaryDirectory(prefix="edgeattn-tests-")

os.environ["EDGEATTN_CACHE"] = _CACHE.name
os.environ.setdefault(
    "EDGEATTN_KERNELS", "never"
)  # installed or not; .ci/kernels runs the tests that need them
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

# Of what an export makes, little is garbage: to look for it took a tenth of the time.
gc.set_threshold(20_000, 20, 20)

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--draw", type=int, default=0, metavar="N", help="seeds of numeric tests (default: 0)")


def pytest_report_header(config: pytest.Config) -> str:
    return f"draw: {config.getoption('draw')}"


def pytest_configure(config: pytest.Config) -> None:
    """Choose the draw; make the bundles of runtime/conformance, which tests read as they are collected."""
    config.addinivalue_line("markers", "drawn: numbers of the test depend on --draw (set by itself)")
    draws.choose(config.getoption("draw"))
    if not hasattr(config, "workerinput"):  # of xdist: the workers begin later
        make = HERE.parent / "runtime" / "conformance" / "make.py"
        subprocess.run([sys.executable, make, "--unchecked"], check=True)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what was imported stays, and an export collects garbage for each of its candidates


def pytest_unconfigure() -> None:
    _CACHE.cleanup()


@pytest.hookimpl(tryfirst=True)  # before -m reads the marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {HERE / place: rank for rank, place in enumerate(LONGEST_FIRST)}
    gone = [str(path) for path in ranks if not path.exists()]
    if gone:
        raise pytest.UsageError(f"LONGEST_FIRST in {__file__}: nothing at {', '.join(gone)}")
    places = {path: (path, *path.parents) for path in {item.path for item in items}}
    items.sort(key=lambda item: min(ranks.get(place, len(ranks)) for place in places[item.path]))
    for item in items:
        if isinstance(item, pytest.Function) and draws.is_drawn(item):
            item.add_marker("drawn")


class _Scheduling(LoadFileScheduling):
    """Hands a worker whole files, and whole folders of ``ONE_WORKER``."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in ONE_WORKER if file.startswith(f"tests/{folder}/")), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return _Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def script() -> Callable[[Path], ModuleType]:
    """A function that loads a program of this repository which belongs to no package."""

    def load(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # where a dataclass looks its annotations up
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session", autouse=True)
def _translations() -> Iterator[None]:
    """Gather PyTorch's translations to ONNX once: they are a quarter of a small export's time."""
    if "torch" not in sys.modules:
        yield
        return
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    gathered = cache(ONNXRegistry.from_torchlib)

    def copied(**asked: int) -> ONNXRegistry:
        registry = copy(gathered(**asked))
        registry.functions = {operator: list(ways) for operator, ways in registry.functions.items()}
        return registry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(copied))
        yield


@pytest.fixture(scope="session", autouse=True)
def _composite_operators() -> Iterator[None]:
    """List PyTorch's composite operators once: an export does so for every namespace of operators, twice."""
    if "torch" not in sys.modules:
        yield
        return
    from torch._export import utils

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "_materialize_cpp_cia_ops", cache(utils._materialize_cpp_cia_ops))
        yield


@pytest.fixture(scope="session", autouse=True)
def _patterns() -> Iterator[None]:
    """Compare operators before onnxscript looks for patterns: for each node, it lists the whole graph."""
    if "onnxscript" not in sys.modules:
        yield
        return
    from onnxscript.rewriter._basics import MatchResult
    from onnxscript.rewriter._matcher import SimplePatternMatcher

    whole = SimplePatternMatcher.match

    def match(matcher: Any, model: Any, graph: Any, node: Any, **options: Any) -> MatchResult:
        operator = matcher.pattern.output_nodes[0].op_identifier()  # domain, type, overload; None for any
        if operator is not None and operator[1] != node.op_type:
            return MatchResult().fail("another operator")
        return whole(matcher, model, graph, node, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimplePatternMatcher, "match", match)
        yield


@pytest.fixture(scope="session", autouse=True)
def _untraced() -> None:
    """Keep PyTorch's own tracing, a tenth of an export's time, out of what pytest collects."""
    logging.getLogger("torch.__trace").disabled = True


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that has one worker make a folder, whole or not at all, and returns it to all of them."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # each worker has a folder of its own in the run's

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        with FileLock(place / f"{name}.lock"):
            if not (place / name).exists():
                make(place / name)
        return place / name

    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = _no_skip((yield))
    if report.failed and item.get_closest_marker("drawn"):
        report.sections.append(("draw", f"--draw {item.config.getoption('draw')}"))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip((yield))


def _no_skip(report: Report) -> Report:
    """Fail what is skipped, a test or a file, where CI is set."""
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr[-1]}"  # of path, line and reason
    return report
