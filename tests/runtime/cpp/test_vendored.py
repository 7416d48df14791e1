"""The C++ runtime inside another project: its folder alone, or a release's archive with kernels."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(app LANGUAGES C)
{brought}
add_executable(app main.c)
target_link_libraries(app PRIVATE edgeattn::edgeattn)
"""
FOLDER = "add_subdirectory(edgeattn)"
ARCHIVE = """
include(FetchContent)
FetchContent_Declare(edgeattn URL {archive} URL_HASH SHA256={hash} SOURCE_SUBDIR runtime/cpp)
FetchContent_MakeAvailable(edgeattn)
"""
MAIN = """
#include <edgeattn.h>
int main(void) { return edgeattn_abi_version() - EDGEATTN_ABI_VERSION; }
"""


def _fetched(folder: Path) -> str:
    """Return what brings the folders of a release as an archive."""
    for part in ("cpp", "kernels"):
        shutil.copytree(CPP.parent / part, folder / "runtime" / part, ignore=shutil.ignore_patterns("build"))
    archive = shutil.make_archive(str(folder), "gztar", root_dir=folder.parent, base_dir=folder.name)
    shutil.rmtree(folder)
    return ARCHIVE.format(archive=archive, hash=hashlib.sha256(Path(archive).read_bytes()).hexdigest())


@pytest.mark.parametrize("as_archive", [False, True])
def test_a_copy_gives_the_library_alone(run: Callable[..., object], tmp_path: Path, as_archive: bool) -> None:
    if as_archive:
        brought = _fetched(tmp_path / "edgeattn")
    else:
        shutil.copytree(CPP, tmp_path / "edgeattn", ignore=shutil.ignore_patterns("build"))
        brought = FOLDER
    (tmp_path / "CMakeLists.txt").write_text(PROJECT.replace("{brought}", brought), "utf-8")
    (tmp_path / "main.c").write_text(MAIN, "utf-8")
    build = tmp_path / "build"
    engine = run(CPP / "engine").stdout.strip()  # type: ignore[attr-defined]
    options = (f"-DONNXRUNTIME_ROOT={engine}", f"-DEDGEATTN_KERNELS={as_archive}")
    run("cmake", "-S", tmp_path, "-B", build, "-G", "Unix Makefiles", *options)
    targets = run("cmake", "--build", build, "--target", "help").stdout  # type: ignore[attr-defined]
    names = {line.removeprefix("... ") for line in targets.splitlines()}
    assert {"app", "edgeattn"} <= names
    assert ("kernels" in names) == as_archive
    assert "edgeattn-run" not in names
    run("make", "-C", build, "main.o")  # by the headers that the target brings
    run("cmake", "--install", build, "--prefix", tmp_path / "installed", "--component", "Unspecified")
    assert not list((tmp_path / "installed").rglob("*edgeattn*"))
