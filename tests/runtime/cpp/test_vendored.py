"""The C++ runtime inside another project: a copy of its folder alone, by add_subdirectory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(app LANGUAGES C CXX)
add_subdirectory(edgeattn)
add_executable(app main.c)
target_link_libraries(app PRIVATE edgeattn::edgeattn)
"""
MAIN = """
#include <edgeattn.h>
int main(void) { return edgeattn_abi_version() - EDGEATTN_ABI_VERSION; }
"""


def test_a_copy_of_the_folder_gives_the_library_alone(
    run: Callable[..., object], gcc: Path, tmp_path: Path
) -> None:
    shutil.copytree(CPP, tmp_path / "edgeattn", ignore=shutil.ignore_patterns("build"))
    (tmp_path / "CMakeLists.txt").write_text(PROJECT, "utf-8")
    (tmp_path / "main.c").write_text(MAIN, "utf-8")
    build, engine = tmp_path / "build", gcc / "engine"
    run("cmake", "-S", tmp_path, "-B", build, "-G", "Unix Makefiles", f"-DONNXRUNTIME_ROOT={engine}")
    targets = run("cmake", "--build", build, "--target", "help").stdout  # type: ignore[attr-defined]
    names = {line.removeprefix("... ") for line in targets.splitlines()}
    assert {"app", "edgeattn"} <= names
    assert "edgeattn-run" not in names
    run("make", "-C", build, "main.o")  # by the headers that the target brings
    run("cmake", "--install", build, "--prefix", tmp_path / "installed", "--component", "Unspecified")
    assert not list((tmp_path / "installed").rglob("*edgeattn*"))
