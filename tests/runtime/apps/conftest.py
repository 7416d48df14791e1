"""The Swift package and the Kotlin library, each built once, as programs that a test calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "documents"))

RUNTIME = Path(__file__).parents[3] / "runtime"

Done = subprocess.CompletedProcess[str]
Reader = Callable[..., Done]  # of a verb, "conformance", "lifecycle", "describe" or "bench", and its words


def _run(*command: str | Path) -> Done:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _built(build: Path, *tools: str) -> str:
    """Return what a build says; Debian's packages bring what it needs."""
    missing = [tool for tool in ("apt-get", *tools) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"built with {', '.join(missing)}")
    done = _run(build)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _swift() -> Reader:
    _built(RUNTIME / "swift" / "build", "pkg-config")
    programs = RUNTIME / "swift" / ".build" / "debug"

    def run(verb: str, *words: str | Path) -> Done:
        own = programs / verb.capitalize()
        return _run(*([own] if own.exists() else [programs / "edgeattn-swift", verb]), *words)

    return run


def _classpath() -> str:
    return _built(RUNTIME / "android" / "build-jvm", "npm", "javac", "cmake", "c++")


def _kotlin() -> Reader:
    classpath = _classpath()
    library = f"-Djava.library.path={classpath.partition('/library.jar')[0]}"
    mains = {"conformance": ["edgeattn.ConformanceKt"], "lifecycle": ["edgeattn.Lifecycle"]}

    def run(verb: str, *words: str | Path) -> Done:
        main = mains.get(verb, ["edgeattn.Command", verb])
        return _run("java", "-Xcheck:jni", library, "-cp", classpath, *main, *words)

    return run


@pytest.fixture(scope="session")
def jni_library() -> Path:
    """Return the Kotlin library's own shared library."""
    return Path(_classpath().partition("/library.jar")[0]) / "libedgeattn_jni.so"


@pytest.fixture(scope="session")
def toolchain() -> Path:
    """Return the folder of Swift's toolchain, with the package built."""
    _built(RUNTIME / "swift" / "build", "pkg-config")
    cache = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    return Path(os.environ.get("EDGEATTN_BACKENDS", Path(cache) / "edgeattn" / "backends")) / "swift"


@pytest.fixture(scope="session", params=["swift", "kotlin"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """Return a runtime."""
    return {"swift": _swift, "kotlin": _kotlin}[request.param]()
