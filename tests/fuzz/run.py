"""Runs the fuzzers one after the other, prints a table, and ends with 1 where one of them found something.

    python tests/fuzz/run.py 5m                             # five minutes for all of them
    python tests/fuzz/run.py 30m --each                     # half an hour for each
    python tests/fuzz/run.py 5000                           # as many inputs for each, the same in every run
    python tests/fuzz/run.py 10m cpp/manifest differential  # those whose names begin so
    python tests/fuzz/run.py 5m --counts FILE               # the table as JSON too

A find is kept in tests/fuzz/build/finds, and the command that repeats it is printed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from fuzzers import LANGUAGES, Fuzzer, Limit
from outcome import COLUMNS, Outcome

_UNITS = {"s": 1, "m": 60, "h": 3600}


def limit(text: str) -> Limit:
    """Read a time such as 90s, 5m or 1.5h, or a number of inputs."""
    if re.fullmatch(r"[1-9]\d*", text):
        return Limit(inputs=int(text))
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} found, a time such as 90s, 5m or 1.5h or a number of inputs expected"
        )
    return Limit(seconds=float(match[1]) * _UNITS[match[2]])


def chosen(names: Sequence[str]) -> list[Fuzzer]:
    """Build the languages whose fuzzers are asked for, and return these."""
    fuzzers = []
    for language in LANGUAGES:
        wanted = [name for name in language.names() if name.startswith(tuple(names) or "")]
        if wanted:
            language.build()
            fuzzers += [Fuzzer(language, name) for name in wanted]
    return fuzzers


def divided(whole: Limit, fuzzers: int) -> Limit:
    """Return each fuzzer's part of a time; a number of inputs is that of each already."""
    return whole if whole.seconds is None else Limit(seconds=whole.seconds / fuzzers)


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a heading, and a row a fuzzer."""
    rows = [("fuzzer", *COLUMNS), *((each.name, *map(str, each.numbers)) for each in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    """Run the fuzzers, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "limit", type=limit, help="a time of all fuzzers together, such as 5m, or the inputs of each"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="what the fuzzers' names begin with (all)")
    parser.add_argument("--each", action="store_true", help="the time is that of each fuzzer")
    parser.add_argument("--counts", type=Path, metavar="FILE", help="write what the table says as JSON")
    args = parser.parse_intermixed_args()
    fuzzers = chosen(args.names)
    if not fuzzers:
        parser.error(f"no fuzzer of {', '.join(args.names)}")
    share = args.limit if args.each else divided(args.limit, len(fuzzers))
    outcomes = []
    for fuzzer in fuzzers:
        outcomes.append(fuzzer.run(share))
        sys.stderr.write(f"{outcomes[-1].line}\n")
    sys.stdout.write(f"{table(outcomes)}\n")
    for outcome in outcomes:
        if not outcome.ok:
            sys.stdout.write(f"\n{outcome.name}: {outcome.find}\n    repeat it by: {outcome.repeat}\n")
    if args.counts is not None:
        args.counts.write_text(json.dumps([each.counts for each in outcomes], indent=2) + "\n", "utf-8")
    return 0 if all(each.ok for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
