"""The Swift package on the release of onnxruntime that an iPhone gets, on an emulated Haswell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from supposed import plain, recipe, searched

ROOT = Path(__file__).parents[3]
LOCK = ROOT / ".ci" / "locks" / "swift.txt"
BUILT = ROOT / "runtime" / "swift" / ".build" / "debug" / "edgeattn-swift.product" / "Objects.LinkFileList"
HASWELL = "flags\t\t: fma avx2\n"
WITH_AMX = "flags\t\t: fma avx2 amx_int8 amx_tile\n"

Done = subprocess.CompletedProcess[str]
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
Emulated = Callable[..., Done]  # of what /proc/cpuinfo holds, and a command's words


@pytest.fixture(scope="session")
def release() -> str:
    """Return the version that the package asks for, which the lock has too."""
    (version,) = re.findall(r'from: "(.+?)"', (ROOT / "Package.swift").read_text("utf-8"))
    assert f"onnxruntime=={version} " in LOCK.read_text("utf-8")
    return str(version)


@pytest.fixture
def emulated(toolchain: Path, release: str, made_once: MadeOnce, tmp_path: Path) -> Emulated:
    """Return the package's command, linked with that release and run on a CPU without AVX-512."""
    qemu = shutil.which("qemu-x86_64")
    if qemu is None:
        pytest.skip("Debian's qemu-user runs it")
    package = made_once(f"onnxruntime-{release}", _install) / "onnxruntime"
    subprocess.run(
        [ROOT / "runtime/cpp/engine", tmp_path / "engine", package], check=True, capture_output=True
    )
    command = _linked(toolchain, tmp_path / "engine" / "lib", tmp_path / "edgeattn-swift")

    def run(cpuinfo: str, *words: str | Path) -> Done:
        root = tmp_path / "root"
        (root / "proc").mkdir(parents=True)
        (root / "proc" / "cpuinfo").write_text(cpuinfo)
        line = [qemu, "-cpu", "Haswell,-hle,-rtm", "-L", root, command, *words]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    return run


def _install(folder: Path) -> None:
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", folder]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--requirement", LOCK], check=True)


def _linked(toolchain: Path, engine: Path, program: Path) -> Path:
    """Link what `runtime/swift/build` compiled, as it does, with another engine."""
    tools = [toolchain / "usr" / "libexec" / "swift" / "bin", toolchain / "usr" / "bin"]
    path = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    libraries = [f"-L{engine}", "-lonnxruntime", "-lstdc++"]
    options = [f"--defsym=main={program.name.replace('-', '_')}_main", "-rpath", str(engine)]
    passed = [word for option in options for word in ("-Xlinker", option)]
    line = ["swiftc", "-emit-executable", "-o", program, f"@{BUILT}", *libraries, *passed]
    subprocess.run(line, env=os.environ | {"PATH": path}, check=True)
    return program


def _digits(bundle: Path) -> None:
    searched("digits", "--target", "cpu-1.21", "--recipe", recipe(bundle))(bundle)


@pytest.fixture
def bundle(made_once: MadeOnce) -> Path:
    return made_once("cpu-1.21-digits.edge", _digits)


def test_a_bundle_of_cpu_1_21_answers_as_pytorch(emulated: Emulated, bundle: Path) -> None:
    done = emulated(HASWELL, "check", bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.endswith(" ok") for line in done.stdout.splitlines())
    assert done.stdout


def test_a_cpu_with_amx_refuses_it(emulated: Emulated, bundle: Path, release: str) -> None:
    done = emulated(WITH_AMX, "check", bundle)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"amx_int8, and {release}" in done.stderr


def test_a_bundle_of_cpu_is_refused(emulated: Emulated, made_once: MadeOnce, release: str) -> None:
    done = emulated(HASWELL, "check", made_once("plain-digits.edge", plain("digits")))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"needs onnxruntime 1.28 or newer, and {release}" in done.stderr
