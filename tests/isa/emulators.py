"""Other CPUs on this machine: qemu's user-mode emulators, and an arm64 Python with onnxruntime, without root.

Debian's packages are downloaded and unpacked into a cache folder, PyPI's wheels beside them; nothing is
installed. Needs Linux on x86-64 with apt, and both archives within reach.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

PYTHON = "3.13"  # of Debian 13
DEBIAN_ARM64 = (
    *(f"python{PYTHON}-minimal", f"libpython{PYTHON}-minimal", f"libpython{PYTHON}-stdlib"),
    *(
        "libc6",
        "libstdc++6",
        "libgcc-s1",
        "zlib1g",
        "libexpat1",
        "libffi8",
        "libbz2-1.0",
        "liblzma5",
        "libssl3t64",
        "libzstd1",
    ),
)
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64", "any")
ARM64 = ("cortex-a53", "cortex-a76", "neoverse-n2", "max")  # plain, with dot products, with i8mm, with SME
HASWELL = (
    "model name\t: Haswell, emulated\nflags\t\t: avx2\n"  # what its Linux would say; qemu shows the host's
)
CACHE = Path.home() / ".cache" / "edgeattn-isa"  # 800 MB
ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "locks" / "device.txt"  # of what edgeattn needs on a device


@dataclass(frozen=True)
class Cpu:
    """A CPU that can run Python with onnxruntime.

    Attributes:
        name: The CPU's.
        executable: Python for it.
        emulator: The command that runs its programs; empty for this machine's own.
        environment: Of that Python.
    """

    name: str
    executable: str
    emulator: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """What runs Python on it."""
        return *self.emulator, self.executable

    def interpreter(self, path: Path) -> Path:
        """Write a program that is Python on this CPU, and stays so where Python starts itself again."""
        settings = [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        emulator, *options = self.emulator
        command = shlex.join([*options, self.executable])
        execute = f'exec {shlex.quote(emulator)} -0 "$0" {command} "$@"'  # -0: what Python takes itself for
        path.write_text("\n".join(("#!/bin/sh", *settings, execute, "")))
        path.chmod(0o755)
        return path.absolute()

    def python(self, *arguments: str) -> None:
        """Run Python on it.

        Raises:
            RuntimeError: It fails; its last words are in the message.
        """
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.environment}
        done = subprocess.run(
            [*self.command, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: exit code {done.returncode}: {done.stderr[-2000:]}")


def cpus(cache: Path) -> tuple[Cpu, ...]:
    """Return this CPU, one of x86 without VNNI and four of arm64, filling the cache where it is empty."""
    native = Cpu("native", sys.executable, environment=_paths(_site_packages()))
    return native, haswell(cache), *(arm64(name, cache) for name in ARM64)


def haswell(cache: Path) -> Cpu:
    """Return x86 without VNNI, filling the cache where Debian's ``qemu-user`` is not installed."""
    return x86("Haswell-noTSX", "Haswell", cache)


def westmere(cache: Path) -> Cpu:
    """Return x86 without AVX, filling the cache where Debian's ``qemu-user`` is not installed."""
    return x86("Westmere", "Westmere", cache)


def x86(model: str, name: str, cache: Path) -> Cpu:
    """Return a model of qemu's, which runs this Python."""
    command = (emulator("x86_64", cache), "-cpu", model)
    home = {"PYTHONHOME": sys.base_prefix}
    return Cpu(name, sys.executable, command, {**home, **_paths(_site_packages())})


def haswell_by_name(cache: Path) -> Cpu:
    """Return the same as a machine that says so of itself, as what it starts does."""
    root = cache / "haswell"  # what is in it hides what is at the same path of this machine
    (root / "proc").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "cpuinfo").write_text(HASWELL)
    found = haswell(cache)
    return replace(found, emulator=(*found.emulator, "-L", str(root)))


def arm64(name: str, cache: Path) -> Cpu:
    """Return one of ``ARM64``, whose Python can be a device too, filling the cache where it is empty."""
    root = unpacked(cache / "arm64", DEBIAN_ARM64, "arm64")
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")  # where the loader is looked for
    command = (emulator("aarch64", cache), "-L", str(root), "-cpu", name)
    paths = _paths(wheels(cache / "wheels"))
    executable = root / "usr" / "bin" / f"python{PYTHON}"
    compiled = {"PYTHONPYCACHEPREFIX": str(cache / "pycache"), "PYTHONDONTWRITEBYTECODE": ""}  # else minutes
    return Cpu(name, str(executable), command, {"PYTHONHOME": str(root / "usr"), **compiled, **paths})


def emulator(architecture: str, cache: Path) -> str:
    name = f"qemu-{architecture}"
    return shutil.which(name) or str(unpacked(cache / "qemu", ("qemu-user",), "amd64") / "usr/bin" / name)


def _site_packages() -> Path:
    return Path(sysconfig.get_path("purelib"))


def _paths(*packages: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "runtime" / "python", ROOT, *packages)))}


def _named(folder: Path, contents: Sequence[str]) -> Path:
    """Return a folder in it by what it holds, so that other contents get another."""
    return folder / hashlib.sha256(" ".join(contents).encode()).hexdigest()[:8]


def unpacked(
    folder: Path, packages: tuple[str, ...], architecture: str, *, dependencies: bool = False
) -> Path:
    """Return a folder with Debian packages unpacked in it, or with all that they depend on too."""
    folder = _named(folder, packages)
    root, files = folder / "root", folder / "files"
    if root.exists():
        return root
    for place in (files, folder / "state" / "lists" / "partial", folder / "archives" / "partial"):
        place.mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "",
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    subprocess.run([*apt, "update"], check=True)
    whole = ("install", "--yes", "--download-only", "--no-install-recommends")
    subprocess.run([*apt, *(whole if dependencies else ("download",)), *packages], check=True, cwd=files)
    unpacking = folder / "unpacking"
    for file in sorted([*files.glob("*.deb"), *(folder / "archives").glob("*.deb")]):
        subprocess.run(["dpkg", "-x", str(file), str(unpacking)], check=True)
    return unpacking.rename(root)  # whole or not at all


def wheels(folder: Path) -> Path:
    """Return a folder to import from, with the wheels for arm64 unpacked in it."""
    folder = _named(folder, [LOCK.read_text()])
    site = folder / "site"
    if site.exists():
        return site
    files, unpacking = folder / "files", folder / "unpacking"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]
    platforms = [f"--platform={platform}" for platform in PLATFORMS]
    python = f"--python-version={PYTHON}"
    subprocess.run([*pip, *platforms, python, "-d", str(files), "-r", str(LOCK)], check=True)
    for file in sorted(files.glob("*.whl")):
        zipfile.ZipFile(file).extractall(unpacking)
    return unpacking.rename(site)
