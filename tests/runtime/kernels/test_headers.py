"""A machine without the headers of onnxruntime and Highway: what CMake takes in their place."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

KERNELS = Path(__file__).parents[3] / "runtime" / "kernels"
SYSTEM = "/usr/include;/usr/include/onnxruntime;/usr/local/include"


@pytest.mark.skipif(shutil.which("cmake") is None, reason="the kernels are built with CMake")
def test_what_the_system_lacks_is_in_the_repository_or_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONNXRUNTIME_ROOT", raising=False)
    highway = tmp_path / "highway"
    highway.mkdir()
    configured = subprocess.run(
        [
            *("cmake", "-S", KERNELS, "-B", tmp_path / "build", "-Wdev", "-Werror=dev"),
            f"-DCMAKE_IGNORE_PATH={SYSTEM}",
            f"-DFETCHCONTENT_SOURCE_DIR_HIGHWAY={highway}",  # in place of the archive
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert configured.returncode == 0, configured.stderr
    assert [line for line in configured.stdout.splitlines() if "Highway" in line] == [
        "-- Highway not found here: fetching Highway 1.2.0, 2.2 MB, from github.com, else from deb.debian.org"
    ]
    commands = (tmp_path / "build" / "compile_commands.json").read_text("utf-8")
    assert f"-isystem {KERNELS / 'third_party' / 'onnxruntime'} -isystem {highway} " in commands
