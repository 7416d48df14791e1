"""The lines of docs/boards.md on emulated boards, with Debian's packages alone and without root.

    python tests/isa/boards.py [ARCHITECTURE ...] [--python] [--cache FOLDER]

Each architecture's packages are unpacked, what runs there runs under qemu's user mode, and what compiles is
crossed on this machine. It fails where an answer is wrong, or a line stands on stderr. Every conformance case
is asked there too; what needs a newer engine, or a package that Debian lacks, is to be refused for it.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emulators import CACHE, ROOT, emulator, unpacked

sys.path += [str(ROOT / "tests" / "documents"), str(ROOT / "runtime" / "conformance")]
from answers import Device, ask, questions
from make import made
from supposed import image

PAGE = ROOT / "docs" / "boards.md"
TRIPLES = {
    "armhf": ("arm", "arm-linux-gnueabihf"),
    "arm64": ("aarch64", "aarch64-linux-gnu"),
    "riscv64": ("riscv64", "riscv64-linux-gnu"),
    "amd64": ("x86_64", "x86_64-linux-gnu"),
}
HERE = {"cmake", "g++"}  # packages whose programs run on this machine
OPTIONAL = ("tokenizers", "cryptography")  # packages of Python that some bundles need
CHECKED = {"Python": 3, "C++": 1}  # words of a last line before its verb
CONFORM = ROOT / "runtime" / "python" / "conform"
SCORE, NEAR = 0.94, 0.01  # of the seven, as x86-64 has it
PLAIN = "model name\t: Emulated\nflags\t\t: avx2\n"  # hides this machine's CPU, which may have AMX
AMX = "model name\t: Emulated\nflags\t\t: avx2 amx_int8 amx_tile\n"


@dataclass(frozen=True)
class Board:
    """Debian's packages for an architecture, unpacked.

    Attributes:
        root: The folder that is the board's file system.
        emulator: What runs its programs.
        triple: Of its compiler.
        installed: Where C++ is installed.
    """

    root: Path
    emulator: str
    triple: str
    installed: Path

    def line(self, words: Sequence[str]) -> list[str]:
        """Return what runs a line of the page on the board, or compiles it here; nothing for apt's."""
        match words:
            case ["sudo", "apt", *_] | ["export", *_]:
                return []
            case ["python3", *rest]:
                return [*self.emulated(self.root / "usr" / "bin" / "python3.13"), *rest]
            case ["edgeattn-run", *rest]:
                return [*self.emulated(self.installed / "bin" / "edgeattn-run"), *rest]
            case ["sudo", "cmake", *rest]:
                return ["cmake", *rest, "--prefix", str(self.installed)]
            case ["cmake", "-S", *rest]:
                return ["cmake", "-S", *rest, *self._crossed]
        return [*words, "--parallel", str(os.cpu_count())]

    @property
    def device(self) -> Device:
        """What it has of all that the conformance cases need."""
        library = (self.root / "usr" / "lib" / self.triple / "libonnxruntime.so").resolve()
        packages = self.root / "usr" / "lib" / "python3" / "dist-packages"
        absent = tuple(name for name in OPTIONAL if not (packages / name).exists())
        return Device(library.name.rpartition(".so.")[2], absent)

    def emulated(self, program: Path) -> list[str]:
        """Return what runs a program of the board."""
        usr = self.root / "usr"
        folders = ["", "blas", "lapack", "openblas-pthread"]  # as Debian's alternatives link them
        libraries = ":".join(str(usr / "lib" / self.triple / folder) for folder in folders)
        packages = f"{ROOT / 'runtime' / 'python'}:{usr / 'lib' / 'python3' / 'dist-packages'}"
        settings = {"LD_LIBRARY_PATH": libraries, "PYTHONHOME": str(usr), "PYTHONPATH": packages}
        environment = [word for name, value in settings.items() for word in ("-E", f"{name}={value}")]
        return [self.emulator, "-L", str(self.root), *environment, str(program)]

    @property
    def _crossed(self) -> list[str]:
        usr = self.root / "usr"
        settings = {
            "EDGEATTN_TESTS": "ON",
            "CMAKE_SYSTEM_NAME": "Linux",
            "CMAKE_C_COMPILER": f"{self.triple}-gcc",
            "CMAKE_CXX_COMPILER": f"{self.triple}-g++",
            "CMAKE_EXE_LINKER_FLAGS": "-Wl,--allow-shlib-undefined",  # what the engine needs is on the board
            "ONNXRUNTIME_ROOT": usr,
            "Onnxruntime_LIBRARY": usr / "lib" / self.triple / "libonnxruntime.so",
        }
        return [f"-D{name}={value}" for name, value in settings.items()]


def board(architecture: str, cache: Path, installed: Path) -> Board:
    """Return a board with the packages that the page installs, filling the cache where it is empty."""
    asked = re.findall(r"^sudo apt install (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    packages = tuple(dict.fromkeys(name for line in asked for name in line.split() if name not in HERE))
    root = unpacked(cache / "boards" / architecture, packages, architecture, dependencies=True)
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")  # where the loader is looked for
    if architecture == "amd64":
        (root / "proc").mkdir(exist_ok=True)
        (root / "proc" / "cpuinfo").write_text(PLAIN)
    cpu, triple = TRIPLES[architecture]
    return Board(root, emulator(cpu, cache), triple, installed)


def lines(heading: str) -> list[list[str]]:
    """Return the words of each line of the block below a heading of the page."""
    below = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2]
    block = re.search(r"^```sh\n(.+?)^```$", below, re.DOTALL | re.MULTILINE)
    if block is None:
        raise LookupError(f"{PAGE.name}: no lines below {heading!r}")
    return [shlex.split(line) for line in block[1].splitlines()]


def answered(on: Board, heading: str, folder: Path) -> str:
    """Run a way of the page in a folder, and return what its last line prints.

    Raises:
        RuntimeError: A line fails, or the answer's writes to stderr.
    """
    printed = ""
    for words in lines(heading):
        if command := on.line(words):
            is_answer = words[0] in ("python3", "edgeattn-run")
            printed = ran(command, folder, quiet=is_answer)
    return printed


def ran(command: Sequence[str], folder: Path, *, quiet: bool = True) -> str:
    """Run a command, and return what it prints; raises RuntimeError as ``answered`` does."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode or (quiet and done.stderr):
        words = done.stderr[-2000:]
        raise RuntimeError(f"{Path(command[0]).name} ... {command[-1]}: exit code {done.returncode}: {words}")
    return done.stdout


def refuses_amx(on: Board, heading: str, folder: Path) -> None:
    """Hold a way against a CPU with AMX, on which Debian's release multiplies int8 wrongly."""
    cpuinfo = on.root / "proc" / "cpuinfo"
    cpuinfo.write_text(AMX)
    try:
        command = on.line(lines(heading)[-1])
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    finally:
        cpuinfo.write_text(PLAIN)
    if done.returncode != 2 or "amx_int8" not in done.stderr or done.stderr.count("\n") != 1:
        raise RuntimeError(f"{heading}: a refusal of AMX in one line expected, {done.stderr!r} found")


def conforms(on: Board, architecture: str, heading: str, folder: Path) -> None:
    """Ask a language every conformance case on a board, and print how many agree, and what others lack.

    Raises:
        RuntimeError: An answer neither agrees nor lacks what the board does not have.
    """
    cases = made()
    built = on.emulated(folder / "board" / "tests" / "edgeattn-conformance")
    program = on.line(["python3", str(CONFORM)]) if heading == "Python" else built
    answers = ask(heading, program, cases, questions(cases), on.device)
    lacks = Counter(answer.lack for answer in answers.answers if answer.lack)
    rest = "".join(f"; {count} need {lack}" for lack, count in lacks.most_common())
    agree = sum(answer.agrees for answer in answers.answers)
    print(f"{architecture:8} {heading:7} {agree} of {len(answers.answers)} cases agree{rest}", flush=True)
    if not answers.agree:
        wrong = [each for each in answers.answers if not each.agrees and not each.lack]
        rows = [f"{each.bundle} {each.what}: {each.expected} expected, {each.found} found" for each in wrong]
        raise RuntimeError("\n".join([f"{architecture}, {heading}: {answers.failure or 'answers'}", *rows]))


def tried(architecture: str, headings: Sequence[str], folder: Path, cache: Path) -> None:
    """Run the page's ways on a board, check the golden vectors there, and print what each answers.

    Raises:
        RuntimeError: A line fails, or the answer is no seven.
    """
    on = board(architecture, cache, folder / architecture)
    (folder / "board").mkdir()  # one architecture's build
    for heading in headings:
        printed = answered(on, heading, folder)
        label, score = printed.split()[:2]
        print(f"{architecture:8} {heading:7} {label} {score}", flush=True)
        if label != "7" or abs(float(score) - SCORE) > NEAR:
            raise RuntimeError(f"{architecture}, {heading}: {label} {score} found, 7 {SCORE} expected")
        ran([*on.line(lines(heading)[-1][: CHECKED[heading]]), "check", "digits.edge"], folder)
        conforms(on, architecture, heading, folder)
        if architecture == "amd64":
            refuses_amx(on, heading, folder)
    shutil.rmtree(folder / "board")


def main() -> int:
    """Export, and try every board."""
    parser = argparse.ArgumentParser(description="Run docs/boards.md on emulated boards.")
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE", default=[*TRIPLES])
    parser.add_argument("--python", action="store_true", help="leave the C++ core out, which takes minutes")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where packages are kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgeattn-boards-") as made:
        folder = Path(made)
        (folder / "runtime").symlink_to(ROOT / "runtime")
        (folder / "models").symlink_to(ROOT / "models")
        image(folder / "seven.png")
        (export,) = re.findall(r"^edgeattn (export .+)$", PAGE.read_text("utf-8"), re.MULTILINE)
        ran([sys.executable, "-m", "edgeattn", *shlex.split(export), "--draft"], folder, quiet=False)
        for architecture in arguments.architectures:
            tried(
                architecture, ["Python"] if arguments.python else ["Python", "C++"], folder, arguments.cache
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
