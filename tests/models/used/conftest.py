"""The example apps that need no screen, in every language but Python."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[3] / "runtime"


Example = Callable[..., str]  # of an example's name and what it is given; returns what it prints


def _cpp(name: str) -> list[str | Path]:
    return [RUNTIME / "cpp" / "examples" / "run", name]


def _swift(name: str) -> list[str | Path]:
    subprocess.run([RUNTIME / "swift" / "build"], check=True, capture_output=True)
    return [RUNTIME / "swift" / ".build" / "debug" / name.capitalize()]


def _node(name: str) -> list[str | Path]:
    return [RUNTIME / "web" / "examples" / "terminal" / "run", name]


def _kotlin(name: str) -> list[str | Path]:
    return [RUNTIME / "android" / "example" / "run", name.capitalize()]


LANGUAGES = {
    "cpp": (_cpp, "cmake"),
    "node": (_node, "npm"),
    "swift": (_swift, "apt-get"),
    "kotlin": (_kotlin, "javac"),
}


def _example(language: str) -> Example:
    command, tool = LANGUAGES[language]
    if shutil.which(tool) is None:
        pytest.skip(f"built with {tool}")

    def run(name: str, *words: str | Path, stdin: bytes | None = None) -> str:
        done = subprocess.run([*command(name), *words], input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


@pytest.fixture
def cpp_example() -> Example:
    """What runs the examples in C++."""
    return _example("cpp")


@pytest.fixture(params=LANGUAGES)
def example(request: pytest.FixtureRequest) -> Example:
    """What runs the examples of a language."""
    language: str = request.param
    return _example(language)
