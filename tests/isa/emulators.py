"""Other CPUs on this machine: qemu's user-mode emulators, and an arm64 Python with onnxruntime, without root.

Debian's packages are downloaded and unpacked into a cache folder, PyPI's wheels beside them; nothing is
installed. Needs Linux on x86-64 with apt, and both archives within reach.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    ),
)
WHEELS = ("onnxruntime", "numpy", "safetensors", "flatbuffers", "protobuf", "packaging")
PLATFORMS = ("manylinux_2_28_aarch64", "manylinux2014_aarch64", "any")
ARM64 = ("cortex-a53", "cortex-a76", "neoverse-n2", "max")  # plain, with dot products, with i8mm, with SME
CACHE = Path.home() / ".cache" / "edgeattn-isa"  # 800 MB
RUNTIME = Path(__file__).parents[2] / "runtime" / "python"


@dataclass(frozen=True)
class Cpu:
    """A CPU that can run Python with onnxruntime: the command's beginning, and its environment."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

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
    root = unpacked(cache / "arm64", DEBIAN_ARM64, "arm64")
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")  # where the loader is looked for
    here = _paths(Path(sysconfig.get_path("purelib")))
    there = {"PYTHONHOME": str(root / "usr"), **_paths(wheels(cache / "wheels"))}
    arm64_python = str(root / "usr" / "bin" / f"python{PYTHON}")
    arm64 = (emulator("aarch64", cache), "-L", str(root))
    return (
        Cpu("native", (sys.executable,), here),
        haswell(cache),
        *(Cpu(name, (*arm64, "-cpu", name, arm64_python), there) for name in ARM64),
    )


def haswell(cache: Path) -> Cpu:
    """Return x86 without VNNI, filling the cache where Debian's ``qemu-user`` is not installed."""
    command = (emulator("x86_64", cache), "-cpu", "Haswell-noTSX", sys.executable)
    return Cpu("Haswell", command, _paths(Path(sysconfig.get_path("purelib"))))


def emulator(architecture: str, cache: Path) -> str:
    name = f"qemu-{architecture}"
    return shutil.which(name) or str(unpacked(cache / "qemu", ("qemu-user",), "amd64") / "usr/bin" / name)


def _paths(packages: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join((str(RUNTIME), str(packages)))}


def unpacked(folder: Path, packages: tuple[str, ...], architecture: str) -> Path:
    """Return a folder with Debian packages unpacked in it."""
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
    subprocess.run([*apt, "download", *packages], check=True, cwd=files)
    unpacking = folder / "unpacking"
    for file in sorted(files.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(file), str(unpacking)], check=True)
    return unpacking.rename(root)  # whole or not at all


def wheels(folder: Path) -> Path:
    """Return a folder to import from, with the wheels for arm64 unpacked in it."""
    site = folder / "site"
    if site.exists():
        return site
    files, unpacking = folder / "files", folder / "unpacking"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    platforms = [f"--platform={platform}" for platform in PLATFORMS]
    subprocess.run([*pip, *platforms, f"--python-version={PYTHON}", "-d", str(files), *WHEELS], check=True)
    for file in sorted(files.glob("*.whl")):
        zipfile.ZipFile(file).extractall(unpacking)
    return unpacking.rename(site)
