"""Runs the conformance program of every runtime, and prints what each of them answered.

    python runtime/conformance/table.py                  # a row a runtime, then all that does not agree
    python runtime/conformance/table.py python cpp --all # these runtimes, with every answer
    python runtime/conformance/table.py --json           # every answer, as JSON
    python runtime/conformance/table.py --folder FOLDER  # of bundles made elsewhere, such as a release's

A program is an executable runtime/LANGUAGE/conformance or conformance-VARIANT. Those of several languages run
at once, as many as there are cores. The exit code is 1 where an answer does not agree or is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import chain, groupby
from pathlib import Path

from answers import LACKS, NUMBERS, Answer, Answers, Questions, ask, programs, questions
from make import made

from edgeattn_runtime.bundle.session_settings import available_cores

Rows = Iterator[Sequence[str]]


def answers_of(paths: Mapping[str, Path], folder: Path) -> list[Answers]:
    """Ask programs, those of one language one after the other: they build in the same folder."""
    by_language = groupby(paths, key=lambda name: paths[name].parent)
    languages = [list(names) for _, names in by_language]
    cases = questions(folder)

    def of_language(names: Sequence[str]) -> list[Answers]:
        return [_asked(name, paths[name], folder, cases) for name in names]

    with ThreadPoolExecutor(available_cores()) as pool:
        return list(chain.from_iterable(pool.map(of_language, languages)))


def summary(runtimes: Iterable[Answers]) -> Rows:
    """Yield a heading, and a row a runtime."""
    yield "runtime", "agree", "refused rightly", "could not", "max abs", "least cosine", "seconds"
    for each in runtimes:
        # A golden vector that is to fail says nothing of a runtime.
        right = [answer for answer in each.answers if answer.expected != "golden-fails"]
        yield (
            each.runtime,
            _agree(each.answers),
            _agree([answer for answer in each.answers if answer.refusal]),
            str(sum(answer.found in LACKS.values() for answer in each.answers)),
            _number(max((a.max_abs for a in right if a.max_abs is not None), default=None)),
            _number(min((a.cosine for a in right if a.cosine is not None), default=None)),
            f"{each.seconds:.1f}",
        )


def details(answers: Iterable[Answer]) -> Rows:
    """Yield a heading, and a row an answer."""
    yield "case", "runtime", "agrees", "expected", "found", "max abs", "cosine", "seconds"
    for answer in answers:
        yield (
            f"{answer.bundle} {answer.what}",
            answer.runtime,
            "yes" if answer.agrees else "NO",
            answer.expected,
            answer.found,
            *(_number(getattr(answer, name)) for name in NUMBERS),
        )


def _asked(name: str, program: Path, folder: Path, cases: Questions) -> Answers:
    sys.stderr.write(f"{name} ...\n")
    answers = ask(name, [program], folder, cases)
    sys.stderr.write(f"{name}: {_agree(answers.answers)} agree\n")
    return answers


def _agree(answers: Sequence[Answer]) -> str:
    return f"{sum(answer.agrees for answer in answers)} of {len(answers)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _print(table: Rows) -> None:
    rows = list(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def _print_all(runtimes: Sequence[Answers], *, every: bool) -> None:
    _print(summary(runtimes))
    rows = [answer for each in runtimes for answer in each.answers if every or not answer.agrees]
    if rows:
        sys.stdout.write("\n")
        _print(details(sorted(rows, key=lambda answer: (answer.bundle, answer.what))))
    for each in runtimes:
        if each.failure is not None:
            sys.stdout.write(f"\n{each.runtime}: {each.failure}\n")


def main() -> int:
    """Run the programs, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description="Hold every runtime against the conformance cases.")
    parser.add_argument("runtimes", nargs="*", metavar="RUNTIME", help="such as cpp, web-node (all)")
    parser.add_argument("--all", action="store_true", help="every answer, not those alone that do not agree")
    parser.add_argument("--json", action="store_true", help="print only JSON")
    parser.add_argument(
        "--folder", type=Path, help="of the bundles and cases.json (build/, made anew where old)"
    )
    args = parser.parse_args()
    paths = programs(args.runtimes)
    if not paths:
        parser.error(f"no runtime {' '.join(args.runtimes)} with a conformance program")
    runtimes = answers_of(paths, args.folder or made())
    if args.json:
        sys.stdout.write(json.dumps([asdict(each) for each in runtimes], indent=2) + "\n")
    else:
        _print_all(runtimes, every=args.all)
    return 0 if all(each.agree for each in runtimes) else 1


if __name__ == "__main__":
    sys.exit(main())
