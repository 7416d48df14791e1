"""The fuzzers by language: a file fuzz_SUBJECT in its folder is one.

Fuzzers of one subject share a corpus: what one language's has found to be new, the others' try too.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outcome import Outcome
from seeds import ROOT, dictionary_of, seeds_of, tokenizers

FUZZ = ROOT / "tests" / "fuzz"
BUILD = FUZZ / "build"
CPP, KERNELS = ROOT / "runtime" / "cpp", ROOT / "runtime" / "kernels"

# Bytes of an input; of other subjects 16 KiB.
_LONGEST = {"image": 4096, "text": 512, "log_mel": 2048, "attention": 512, "int8_linear": 512}
_OPTIONS = ("-print_final_stats=1", "-timeout=20", "-report_slow_units=60", "-rss_limit_mb=3072")
_STARTING = 600  # seconds beyond its time in which a fuzzer ends: its corpus is read before


@dataclass(frozen=True, slots=True)
class Limit:
    """What ends a fuzzer that finds nothing.

    Attributes:
        seconds: The time after which it ends; None where ``inputs`` ends it.
        inputs: The inputs after which it ends, those of its corpus among them. They are the same in every run
            over the same corpus, however fast the machine is.
    """

    seconds: float | None = None
    inputs: int | None = None

    @property
    def options(self) -> Sequence[str]:
        """libFuzzer's words for it."""
        if self.inputs is not None:
            return f"-runs={self.inputs}", "-seed=1"
        return (f"-max_total_time={max(round(self.seconds or 0), 1)}",)


@dataclass(frozen=True, slots=True)
class Language:
    """Fuzzers that are built and started in one way.

    Attributes:
        name: Such as "cpp".
        files: Where their sources lie, as a pattern.
        builds: The commands that make them; none where they are scripts.
        command: Starts the one of a subject; libFuzzer's options follow, behind ``separator``.
        separator: Before the options.
        environment: That they are started in.
    """

    name: str
    files: str
    builds: Sequence[Sequence[str | Path]]
    command: Callable[[str], Sequence[str | Path]]
    separator: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def build(self) -> None:
        """Make them."""
        for command in self.builds:
            subprocess.run([*map(str, command)], stdout=subprocess.DEVNULL, check=True)

    def names(self) -> list[str]:
        """Return the names of its fuzzers."""
        subjects = (path.stem.removeprefix("fuzz_") for path in sorted(ROOT.glob(self.files)))
        return [f"{self.name}/{subject}" for subject in subjects]


@dataclass(frozen=True, slots=True)
class Fuzzer:
    """One fuzzer.

    Attributes:
        language: Its language.
        name: With the language.
    """

    language: Language
    name: str

    @property
    def subject(self) -> str:
        """What it reads, such as "manifest"."""
        return self.name.partition("/")[2]

    def run(self, limit: Limit) -> Outcome:
        """Run it as far as its limit, or until it finds something."""
        corpus, finds = BUILD / "corpora" / self.subject, BUILD / "finds" / self.name
        for folder in (corpus, finds):
            folder.mkdir(parents=True, exist_ok=True)
        seeds = list(seeds_of(self.subject))
        for seed in seeds:
            (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)  # as libFuzzer names them
        options = [
            *_OPTIONS,
            f"-max_len={_LONGEST.get(self.subject, 1 << 14)}",
            f"-artifact_prefix={finds}/",
            *limit.options,
        ]
        if words := dictionary_of(seeds):
            dictionary = BUILD / f"{self.subject}.dict"
            dictionary.write_text(words, "ascii")
            options.append(f"-dict={dictionary}")
        return self._ran([corpus, *self.language.separator, *options], limit, finds)

    def _ran(self, words: Sequence[str | Path], limit: Limit, finds: Path) -> Outcome:
        started, before = time.monotonic(), set(finds.iterdir())
        with tempfile.TemporaryDirectory(prefix="edgeattn-fuzz-") as scratch:
            counter = Path(scratch) / "refusals"
            counter.write_bytes(struct.pack("<Q", 0))
            own = {"EDGEATTN_FUZZ_REFUSALS": str(counter), "TMPDIR": scratch}
            process = subprocess.Popen(
                [*map(str, (*self.language.command(self.subject), *words))],
                cwd=BUILD,
                env={**os.environ, **_environment(), **self.language.environment, **own},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            try:
                output, _ = process.communicate(timeout=(limit.seconds or 0) + _STARTING)
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
            refused = struct.unpack("<Q", counter.read_bytes())[0]
        found = max(set(finds.iterdir()) - before, key=lambda path: path.stat().st_mtime, default=finds)
        return Outcome(
            name=self.name,
            log=output.decode(errors="replace"),
            code=process.returncode,
            refused=refused,
            seconds=time.monotonic() - started,
            repeat=shlex.join([*map(str, self.language.command(self.subject)), str(found)]),
        )


def _environment() -> dict[str, str]:
    """Return what every fuzzer finds in its environment."""
    folder = BUILD / "tokenizers"
    folder.mkdir(parents=True, exist_ok=True)
    for i, content in enumerate(tokenizers()):
        (folder / f"{i}.json").write_bytes(content)
    return {
        "EDGEATTN_TOKENIZERS": str(folder),
        "PYTHONPATH": os.pathsep.join(map(str, (FUZZ / "python", FUZZ))),
        "PYTHONHASHSEED": "0",  # or sets are walked in another order in each run
        "TOKENIZERS_PARALLELISM": "false",
        "RUST_BACKTRACE": "0",  # or a panic that is refused takes the time of its stack's names
        "ASAN_OPTIONS": "quarantine_size_mb=16",  # what is freed counts as memory that an input takes
    }


def _script(folder: str) -> Callable[[str], Sequence[str | Path]]:
    return lambda subject: (sys.executable, FUZZ / folder / f"fuzz_{subject}.py")


def _program(folder: Path, *options: str) -> Callable[[str], Sequence[str | Path]]:
    return lambda subject: (folder / "build" / "sanitized" / "tests" / f"fuzz_{subject}", *options)


def _jazzer(subject: str) -> Sequence[str | Path]:
    web = FUZZ / "web"
    return web / "node_modules" / ".bin" / "jazzer", web / "build" / f"fuzz_{subject}.mjs", "--sync"


# Those that the corpora profit from most come first: in C++ all code is seen, libraries too.
LANGUAGES = (
    Language(
        "cpp",
        "runtime/cpp/tests/fuzz_*.cpp",
        [[CPP / "compile-sanitized"]],
        _program(CPP, "-malloc_limit_mb=256"),
    ),
    Language(
        "kernels", "runtime/kernels/tests/fuzz_*.cpp", [[KERNELS / "compile-sanitized"]], _program(KERNELS)
    ),
    Language(
        "web",
        "tests/fuzz/web/fuzz_*.ts",
        [[ROOT / "runtime" / "web" / "build-package"], [FUZZ / "web" / "build-fuzzers"]],
        _jazzer,
        separator=("--",),
    ),
    Language("python", "tests/fuzz/python/fuzz_*.py", [], _script("python")),
    Language(
        "differential",
        "tests/fuzz/differential/fuzz_*.py",
        [[CPP / "compile", "native"]],
        _script("differential"),
        environment={"EDGEATTN_READERS": str(CPP / "build" / "native" / "tests" / "libedgeattn-readers.so")},
    ),
)
