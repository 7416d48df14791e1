"""What a runtime's conformance program answers, held against all that the cases ask."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeattn_runtime.engine.compatibility import ENGINE
from edgeattn_runtime.engine.release import release

RUNTIMES = Path(__file__).parents[1]
_FEATURES = (
    *("tokenizer", "audio", "log-mel", "series", "png", "jpeg", "wav", "csv"),
    *("forecast", "run_many", "stream", "steps", "generate_many", "session"),
)
# What a reader says, by what it may lack.
LACKS = {"listing": "cannot list", **{feature: f"no {feature}" for feature in _FEATURES}}
NUMBERS = ("max_abs", "cosine", "seconds")

_ANSWERED = "answered"
_INCOMPATIBLE = ("incompatible", "IncompatibleRuntimeError")
_KINDS = (
    *("calls", "generate", "generate_many", "session", "prepare", "labels"),
    *("decode", "forecast", "run_many", "stream", "steps", "predictions"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a case asks.

    Attributes:
        expected: What a runtime finds; of a bundle that is refused, the verdict and its error.
        needs: What a reader may lack for it.
        engine: The oldest onnxruntime that a variant of the bundle needs; None where its manifest gives none.
    """

    expected: tuple[str, ...]
    needs: str | None
    engine: str | None

    def accepts(self, found: str) -> bool:
        """Say whether that is an answer."""
        return found in self.expected or (self.needs is not None and found == LACKS[self.needs])


Questions = Mapping[tuple[str, str], Question]  # by bundle and what


@dataclass(frozen=True, slots=True)
class Device:
    """A device that has less than this machine, and so cannot answer all.

    Attributes:
        engine: Its release of onnxruntime.
        absent: Packages of Python that it does not have.
    """

    engine: str
    absent: tuple[str, ...]

    def lacks(self, question: Question, found: str) -> str | None:
        """Return what is missing here for an answer; None where nothing excuses what was found."""
        is_older = question.engine is not None and release(self.engine) < release(question.engine)
        if is_older and found in _INCOMPATIBLE:
            return f"{ENGINE} {question.engine}"
        return next((package for package in self.absent if found == f"no {package}"), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one runtime found.

    Attributes:
        refusal: An error was expected.
        lack: What its device lacks for the answer, so that it need not agree.
    """

    bundle: str
    what: str
    runtime: str
    agrees: bool
    refusal: bool
    expected: str
    found: str
    max_abs: float | None = None
    cosine: float | None = None
    seconds: float | None = None
    lack: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """A runtime's answers, how long its program took, building included, and why it failed where it did."""

    runtime: str
    answers: Sequence[Answer]
    seconds: float
    failure: str | None

    @property
    def agree(self) -> bool:
        """Whether all is as it should be."""
        return self.failure is None and all(each.agrees or each.lack for each in self.answers)


def programs(names: Iterable[str]) -> dict[str, Path]:
    """Return the conformance programs of runtimes or languages, or all, by names such as "cpp-arm64"."""
    paths = (path for path in sorted(RUNTIMES.glob("*/conformance*")) if path.is_file())
    executable = (path for path in paths if path.suffix == "" and os.access(path, os.X_OK))
    by_name = {path.parent.name + path.name.removeprefix("conformance"): path for path in executable}
    wanted = set(names) or by_name.keys()
    languages = wanted - by_name.keys()
    return {name: path for name, path in by_name.items() if name in wanted or path.parent.name in languages}


def questions(folder: Path) -> Questions:
    """Return all that cases.json in a folder asks."""
    table = {}
    for case in json.loads((folder / "cases.json").read_text("utf-8")):
        verdict = (case["verdict"], *([case["error"]] if case["error"] else []))
        engine = _engine(folder / case["bundle"])
        table[case["bundle"], "open"] = Question(verdict, case.get("needs"), engine)
        for kind in _KINDS:
            for i, entry in enumerate(case.get(kind, ())):
                what = f"{'call' if kind == 'calls' else kind} {i}"
                expected = entry.get("error", _ANSWERED)
                table[case["bundle"], what] = Question((expected,), entry.get("needs"), engine)
    return table


def _engine(bundle: Path) -> str | None:
    try:
        manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
        engines = [variant["engine"] for variant in manifest["variants"]]
        return min((each["version"] for each in engines if each["name"] == ENGINE), key=release)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # of a bundle to be refused
        return None


def ask(
    runtime: str,
    program: Sequence[str | Path],
    folder: Path,
    questions: Questions,
    device: Device | None = None,
) -> Answers:
    """Run a program over a folder, and hold what it prints against all that was asked.

    Args:
        runtime: Its name.
        program: The command, without the folder.
        folder: Of the bundles and cases.json.
        questions: That cases.json asks.
        device: Where the program runs; None where that has all that the cases need.
    """
    start = time.perf_counter()
    done = subprocess.run([*program, folder], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    last = done.stderr.strip().splitlines()[-1:] or ["nothing said"]
    failure = f"exit code {done.returncode}: {last[0]}" if done.returncode else None
    try:
        lines = {(line["bundle"], line["what"]): line for line in map(json.loads, done.stdout.splitlines())}
    except (ValueError, KeyError, TypeError) as error:
        lines, failure = {}, failure or f"a line on stdout that is no answer ({error!r})"
    answers = [
        _answer(runtime, *key, question, lines.get(key), device) for key, question in questions.items()
    ]
    return Answers(runtime, answers, seconds, failure)


def _answer(
    runtime: str,
    bundle: str,
    what: str,
    question: Question,
    line: Mapping[str, Any] | None,
    device: Device | None,
) -> Answer:
    line = line or {"found": "no answer"}
    found = str(line.get("found"))
    agrees = line.get("agrees") is True and question.accepts(found)
    return Answer(
        bundle,
        what,
        runtime,
        agrees=agrees,
        refusal=question.expected[-1].endswith("Error"),
        expected=question.expected[0],
        found=found,
        **{name: line.get(name) for name in NUMBERS},
        lack=None if agrees or device is None else device.lacks(question, found),
    )
