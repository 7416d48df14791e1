"""What asks Windows for something compiles for it, by zig's clang with the headers of mingw-w64.

``runtime/cpp/windows`` builds all of it, and runs every case of the conformance suite under wine.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
OPTIONS = ("-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-DNOMINMAX", "-DWIN32_LEAN_AND_MEAN")
OWN = sorted(path.name for path in CPP.glob("src/*_windows.cpp"))


@pytest.fixture(scope="module")
def zig() -> str:
    if shutil.which("flock") is None:
        pytest.skip("zig is installed under a lock")
    return subprocess.check_output([CPP / "zig"], text=True).strip()


@pytest.mark.parametrize("source", [*OWN, "sha2.cpp", "replacement.cpp"])
def test_it_compiles_for_windows(zig: str, tmp_path: Path, source: str) -> None:
    target = ("-target", "x86_64-windows-gnu", "-DEDGEATTN_STATIC")
    folders = (f"-I{CPP}/include", f"-I{CPP}/src", f"-isystem{CPP}/third_party")
    command = [zig, "c++", *target, *OPTIONS, *folders, "-c", CPP / "src" / source, "-o", tmp_path / "x.obj"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("system", ["posix", "windows"])
def test_each_system_has_a_file_of_its_own_for_the_same_header(system: str) -> None:
    headers = {path.name.removesuffix("_windows.cpp") for path in CPP.glob("src/*_windows.cpp")}
    assert headers == {path.name.removesuffix(f"_{system}.cpp") for path in CPP.glob(f"src/*_{system}.cpp")}
    assert all((CPP / "src" / f"{header}.hpp").is_file() for header in headers)
