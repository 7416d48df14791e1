"""What asks Windows for something compiles for it, by zig's clang with the headers of mingw-w64.

An app in C compiles by MSVC's rules too.

``runtime/cpp/windows`` builds all of it, and runs every case of the conformance suite under wine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CPP = Path(__file__).parents[3] / "runtime" / "cpp"
OPTIONS = ("-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-DNOMINMAX", "-DWIN32_LEAN_AND_MEAN")
C_PROGRAMS = sorted(path.name for path in CPP.glob("tests/*.c"))
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


def _msvc_options() -> list[str]:
    """Return what CMakeLists.txt has MSVC compile with."""
    rules = re.search(r"if\(MSVC\)\n(.*?)\nelse", (CPP / "CMakeLists.txt").read_text("utf-8"), re.DOTALL)
    assert rules is not None
    return re.findall(r" (/[^\s)]+)", rules[1])


def _compiled_as_msvc(zig: str, source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Check a program by clang in MSVC's place, with its options and ABI, and mingw-w64's headers of C.

    The headers of its C++ library are not to be had here.
    """
    library = Path(zig).with_name("lib")
    headers = [f"-imsvc{library / folder}" for folder in ("include", "libc/include/any-windows-any")]
    command = [
        zig,
        "clang",
        "--driver-mode=cl",
        "--target=x86_64-pc-windows-msvc",
        *_msvc_options(),
        *options,
    ]
    checking = ["/WX", "/Zs", "-D_CRT_SECURE_NO_WARNINGS", f"-I{CPP}/include", *headers]
    return subprocess.run([*command, *checking, "--", source], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("program", C_PROGRAMS)
def test_an_app_in_c_compiles_by_the_rules_of_msvc(zig: str, program: str) -> None:
    run = _compiled_as_msvc(zig, CPP / "tests" / program)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("language", ["/TC", "/TP"])
@pytest.mark.parametrize(("line", "takes"), [("", True), ("int one(void) { return ({ 1; }); }", False)])
def test_the_header_is_c_and_cpp_by_the_rules_of_msvc(
    zig: str, tmp_path: Path, language: str, line: str, *, takes: bool
) -> None:
    source = tmp_path / "app.c"
    source.write_text(f'#include "edgeattn.h"\n{line}\n', "utf-8")
    run = _compiled_as_msvc(zig, source, "-Wpedantic", language)
    assert (run.returncode == 0) == takes, run.stdout + run.stderr


@pytest.mark.parametrize("system", ["posix", "windows"])
def test_each_system_has_a_file_of_its_own_for_the_same_header(system: str) -> None:
    headers = {path.name.removesuffix("_windows.cpp") for path in CPP.glob("src/*_windows.cpp")}
    assert headers == {path.name.removesuffix(f"_{system}.cpp") for path in CPP.glob(f"src/*_{system}.cpp")}
    assert all((CPP / "src" / f"{header}.hpp").is_file() for header in headers)
