"""Whole x86-64 machines in Bochs, whose CPUs no emulator of programs has: AVX-512, VNNI, AVX-VNNI.

A machine starts Debian's kernel from a CD, with a file system in memory that holds BusyBox and what is to
run. Takes ``PACKAGES`` of Debian; the kernel is downloaded and unpacked into a cache folder, not installed.
Starting takes half a minute, and programs are a hundred times slower.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread, Timer

from emulators import unpacked

PROGRAMS = ("bochs", "busybox", "xorriso")
ISOLINUX = Path("/usr/lib/ISOLINUX/isolinux.bin")
LOADER = Path("/usr/lib/syslinux/modules/bios/ldlinux.c32")
PACKAGES = "bochs bochs-term bochsbios vgabios busybox-static isolinux syslinux-common xorriso"
LONGEST = 45 * 60  # seconds, after which a machine hangs
# The kernel says nothing, so that the serial port has what programs print, and this line last.
ENDED = "exit code of all:"
INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
export PATH=/bin LD_LIBRARY_PATH=/lib HOME=/
cd /
sh -e /script
echo "{ENDED} $?"
stty -echo  # returns when the serial port has sent all
poweroff -f
"""
BOOT = """default linux
label linux
  kernel /vmlinuz
  initrd /initrd
  append console=ttyS0 quiet loglevel=0 nokaslr panic=-1
"""
# Panics end it: that the machine is switched off is one for Bochs.
CONFIGURATION = """cpu: model={cpu}, count=1, ips=8000000, reset_on_triple_fault=0
memory: guest=1024, host=1024
vgaromimage: file=/usr/share/vgabios/vgabios-stdvga.bin
display_library: term
speaker: enabled=0
ata0-master: type=cdrom, path={folder}/cd.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={folder}/said
log: {folder}/log
panic: action=fatal
error: action=ignore
info: action=ignore
"""


def run(cpu: str, commands: Iterable[str], files: Mapping[str, Path], cache: Path) -> str:
    """Run commands of a shell, each of which must succeed, and return what they print.

    Args:
        cpu: One of Bochs's models, such as ``tigerlake``; ``bochs --help cpu`` lists them.
        commands: They run one after the other, in the root folder, which has ``files``.
        files: By their names there; a program comes with the libraries that it is linked with.
        cache: The folder of downloads.

    Raises:
        RuntimeError: A command fails, or the machine does not start; its last words are in the message.
    """
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    missing += [str(file) for file in (ISOLINUX, LOADER) if not file.exists()]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not found: apt-get install {PACKAGES}")
    with tempfile.TemporaryDirectory(prefix="edgeattn-bochs-") as name:
        folder = Path(name)
        _write_cd(folder, "\n".join(commands), files, cache)
        (folder / "bochsrc").write_text(CONFIGURATION.format(cpu=cpu, folder=folder))
        problem = _started(folder / "bochsrc")
        if not (folder / "said").exists():
            raise RuntimeError(f"{cpu}: no machine: {problem[-2000:]}")
        said = (folder / "said").read_text(errors="replace").replace("\r", "")
    printed, _, code = said.partition(ENDED)
    if code.strip() != "0":
        raise RuntimeError(f"{cpu}: exit code {code.strip() or 'unknown'}: {printed[-2000:]}")
    return printed


def _started(configuration: Path) -> str:
    """Start a machine, wait until it is switched off, and return what Bochs says."""
    command = ["bochs", "-f", str(configuration)]
    environment = os.environ | {"TERM": "xterm"}
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=pipe, env=environment) as bochs:
        assert bochs.stderr is not None
        hanging = Timer(LONGEST, bochs.kill)
        hanging.start()
        said = ""
        for line in bochs.stderr:
            said += line.decode(errors="replace")
            screen = re.search(rb'connected to screen "(.+)"', line)
            if screen:
                Thread(target=_watch, args=(screen[1].decode(),), daemon=True).start()
        hanging.cancel()
    return said


def _watch(screen: str) -> None:
    """Read what Bochs draws on its screen, a terminal: else it waits once that is full."""
    with Path(screen).open("rb", buffering=0) as drawn, suppress(OSError):  # which ends it
        while drawn.read(65536):
            pass


def _write_cd(folder: Path, script: str, files: Mapping[str, Path], cache: Path) -> None:
    root, cd = folder / "root", folder / "cd"
    for place in (root / "bin", root / "lib", root / "lib64", root / "proc", root / "tmp", cd / "isolinux"):
        place.mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "", root / "bin")
    for name, file in files.items():
        (shutil.copytree if file.is_dir() else shutil.copy)(file, root / name)
        for library in _libraries(file):
            shutil.copy(library, root / ("lib64" if library.name.startswith("ld-") else "lib"))
    (root / "script").write_text(script)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    with (cd / "initrd").open("wb") as archive:
        names = "\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*")))
        command = ["busybox", "cpio", "-o", "-H", "newc"]
        subprocess.run(command, cwd=root, input=names.encode(), stdout=archive, check=True)
    shutil.copy(_kernel(cache), cd / "vmlinuz")
    shutil.copy(ISOLINUX, cd / "isolinux")
    shutil.copy(LOADER, cd / "isolinux")
    (cd / "isolinux" / "isolinux.cfg").write_text(BOOT)
    start = "-b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table"
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-o", str(folder / "cd.iso"), *start.split(), str(cd)]
    subprocess.run(command, check=True, capture_output=True)


def _libraries(file: Path) -> list[Path]:
    """Return the shared libraries of a program, the loader among them; none of anything else."""
    listed = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", listed)]


def _kernel(cache: Path) -> Path:
    """Return Debian's newest kernel for virtual machines."""
    package = "linux-image-cloud-amd64"  # depends on it alone
    depends = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True, check=True)
    name = depends.stdout.split("Depends: ")[1].split()[0]
    return next((unpacked(cache / "linux", (name,), "amd64") / "boot").glob("vmlinuz-*"))
