"""How long one call takes in each language, by its own `run`, beside C++'s; and in Node beside Python's.

    python tests/bench/bench_languages.py SENTENCE.edge DIGITS.edge [--rounds 30]

Builds each language's `latency` and starts them all. In a round each makes some calls in a row, one language
after another, in another order each round, so that what else the machine does meets all of them alike. Prints
the least time and the median of the rounds' medians, in ms, and the median of the rounds' ratios of least
times. Swift and Kotlin must be within 5 % of C++, and Node within 1.3 times Python: exit code 1 where one is
not. Swift's `async` call and Kotlin's from another dispatcher than IO change threads: what that takes is
printed, without a bound, as is Node's wasm: onnxruntime-web, by the bundle's variant for `web`.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from edgeattn_runtime.timing.machine import Machine

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUNTIME = ROOT / "runtime"
TEXT = "The cat sat on the mat and looked out of windows at birds."  # 16 tokens of models/sentence
CALLS = {"sentence": 20, "digits": 300}  # in a row
WARMUP = 40  # rounds: a JVM compiles for good what was called some 10,000 times
BOUNDS = {
    "swift": ("cpp", 1.05),
    "kotlin IO": ("cpp", 1.05),
    "node": ("python", 1.3),
    "node wasm": ("python", inf),
}

Command = Sequence[str | Path]  # without arguments; what stands behind a language's name is the last one
Times = tuple[float, float]  # the least and the median of a round, ms


class Process:
    """A program that makes calls when it is told to."""

    def __init__(self, command: Command) -> None:
        self._process = subprocess.Popen(
            [*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def round(self) -> Times:
        """Return the times of some calls in a row."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        least, middle = map(float, self._process.stdout.readline().split())
        return least, middle

    def end(self) -> None:
        """Let it end."""
        self._process.communicate()


def main() -> int:
    arguments = _arguments()
    print(f"{Machine.here().cpu}; {arguments.rounds} rounds")
    commands, failed = built(), False
    with tempfile.TemporaryDirectory(prefix="edgeattn-") as folder:
        for name, bundle in (("sentence", arguments.sentence), ("digits", arguments.digits)):
            given = TEXT if name == "sentence" else digit(Path(folder) / "seven.png")
            here = {
                language: command
                for language, command in commands.items()
                if name != "digits" or not language.startswith("node")
            }
            rounds = interleaved(here, bundle, given, CALLS[name], arguments.rounds)
            failed |= not told(name, rounds)
    return int(failed)


def built() -> dict[str, Command]:
    """Return each language's program, without its arguments."""
    cpp = Path(_output(RUNTIME / "cpp" / "compile", "native"))
    _output(RUNTIME / "swift" / "build", "-c", "release", "--product", "Latency")
    classpath = _output(RUNTIME / "android" / "build-jvm")
    _output(RUNTIME / "web" / "build-package")
    library = classpath.partition("/library.jar")[0]
    swift = [RUNTIME / "swift" / ".build" / "release" / "Latency"]
    kotlin = ["java", f"-Djava.library.path={library}", "-cp", classpath, "edgeattn.Latency"]
    return {
        "cpp": [cpp / "tests" / "edgeattn-latency"],
        "swift": swift,
        "swift async": swift,
        "kotlin": kotlin,
        "kotlin IO": kotlin,
        "python": [sys.executable, HERE / "languages" / "latency.py"],
        "node": ["node", HERE / "languages" / "latency.mjs"],
        "node wasm": ["node", HERE / "languages" / "latency.mjs"],
    }


def interleaved(
    commands: Mapping[str, Command], bundle: Path, given: str, calls: int, rounds: int
) -> dict[str, list[Times]]:
    """Return the times of each round, by language."""
    processes = {
        language: Process([*command, bundle, given, str(calls), *language.split()[1:]])
        for language, command in commands.items()
    }
    order = list(processes)
    found: dict[str, list[Times]] = {language: [] for language in order}
    for i in range(WARMUP + rounds):
        random.shuffle(order)
        for language in order:
            times = processes[language].round()
            if i >= WARMUP:
                found[language].append(times)
    for process in processes.values():
        process.end()
    return found


def told(name: str, rounds: Mapping[str, Sequence[Times]]) -> bool:
    """Print a table, and return whether all bounds hold."""
    print(f"\n{name:12}{'least':>10}{'median':>10}{'ratio':>10}")
    holds = True
    for language, times in rounds.items():
        to, bound = BOUNDS.get(language, ("cpp", inf))
        ratio = median(mine[0] / other[0] for mine, other in zip(times, rounds[to], strict=True))
        holds &= ratio <= bound
        least, middle = min(each[0] for each in times), median(each[1] for each in times)
        verdict = "" if ratio <= bound else ": too slow"
        print(f"{language:12}{least:>10.3f}{middle:>10.3f}{ratio:>10.3f} of {to}{verdict}")
    return holds


def digit(path: Path) -> str:
    """Write a seven, dark ink on white paper."""
    digits = load_file(ROOT / "models" / "digits" / "digits.safetensors")
    seven = digits["images"][digits["labels"].tolist().index(7)]
    Image.fromarray((255 - 15 * seven).astype(np.uint8)).resize((32, 32)).save(path)
    return str(path)


def _output(*command: str | Path) -> str:
    run = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sentence", type=Path, help="a bundle of models/sentence")
    parser.add_argument("digits", type=Path, help="a bundle of models/digits")
    parser.add_argument("--rounds", type=int, default=30)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
