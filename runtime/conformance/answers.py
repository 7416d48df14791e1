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

RUNTIMES = Path(__file__).parents[1]
_FEATURES = (
    *("tokenizer", "audio", "log-mel", "series", "png", "jpeg", "wav", "csv"),
    *("forecast", "run_many", "stream", "steps", "generate_many", "session"),
)
# What a reader says, by what it may lack.
LACKS = {"listing": "cannot list", **{feature: f"no {feature}" for feature in _FEATURES}}
NUMBERS = ("max_abs", "cosine", "seconds")

_ANSWERED = "answered"
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
    """

    expected: tuple[str, ...]
    needs: str | None

    def accepts(self, found: str) -> bool:
        """Say whether that is an answer."""
        return found in self.expected or (self.needs is not None and found == LACKS[self.needs])


Questions = Mapping[tuple[str, str], Question]  # by bundle and what


@dataclass(frozen=True, slots=True)
class Answer:
    """What one runtime found; ``refusal`` where an error was expected."""

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
        return self.failure is None and all(answer.agrees for answer in self.answers)


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
        table[case["bundle"], "open"] = Question(verdict, case.get("needs"))
        for kind in _KINDS:
            for i, entry in enumerate(case.get(kind, ())):
                what = f"{'call' if kind == 'calls' else kind} {i}"
                expected = entry.get("error", _ANSWERED)
                table[case["bundle"], what] = Question((expected,), entry.get("needs"))
    return table


def ask(runtime: str, program: Path, folder: Path, questions: Questions) -> Answers:
    """Run a program over a folder, and hold what it prints against all that was asked."""
    start = time.perf_counter()
    done = subprocess.run([program, folder], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    last = done.stderr.strip().splitlines()[-1:] or ["nothing said"]
    failure = f"exit code {done.returncode}: {last[0]}" if done.returncode else None
    try:
        lines = {(line["bundle"], line["what"]): line for line in map(json.loads, done.stdout.splitlines())}
    except (ValueError, KeyError, TypeError) as error:
        lines, failure = {}, failure or f"a line on stdout that is no answer ({error!r})"
    answers = [_answer(runtime, *key, question, lines.get(key)) for key, question in questions.items()]
    return Answers(runtime, answers, seconds, failure)


def _answer(
    runtime: str, bundle: str, what: str, question: Question, line: Mapping[str, Any] | None
) -> Answer:
    line = line or {"found": "no answer"}
    found = str(line.get("found"))
    return Answer(
        bundle,
        what,
        runtime,
        agrees=line.get("agrees") is True and question.accepts(found),
        refusal=question.expected[-1].endswith("Error"),
        expected=question.expected[0],
        found=found,
        **{name: line.get(name) for name in NUMBERS},
    )
