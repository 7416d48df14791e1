"""Print a table of the peers' benchmark from a measurement, as README.md and docs/benchmarks.md show it.

    python tests/bench/readme_table.py [MEASUREMENT.json]

docs/measurements/ holds one file per run, DATE-MACHINE.json; without a file the README's run is printed.
`bench_peers.py` writes results.json into its cache folder. Every ratio is that of two medians as the table
shows them. Below the table stands what differs between the peers.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from protocol.catalog import OURS
from protocol.stored import Entry, Row, read

MEASUREMENTS = Path(__file__).parents[2] / "docs" / "measurements"
PUBLISHED = MEASUREMENTS / "2026-12-02-zen4.json"
THREADS = 1
TIMED = {  # the columns of latency, by case
    "1x16": "1x16",
    "1x128": "1x128",
    "8x128": "8x128, real lengths",
    "stream": "500 sentences one by one",
}
COMPARED = "1x128"  # whose cosines and sizes are shown: the longest sample fits every peer's shape
REFERENCE = "pytorch"  # all cosines are to it
FLOAT = ("onnxruntime", REFERENCE)  # never in bold: they are what int8 is compared with
BAD_INPUT = 2

Cases = Mapping[str, Mapping[str, Row]]  # by case and peer


def main(arguments: Sequence[str] | None = None) -> int:
    """Print; return the exit code."""
    parser = argparse.ArgumentParser(description="Print the README's table of numbers.")
    parser.add_argument("results", type=Path, nargs="?", default=PUBLISHED, help="what bench_peers.py kept")
    file = parser.parse_args(arguments).results
    entries = {entry.case: entry for entry in read(file) if entry.threads == THREADS}
    fault = _fault(entries)
    if fault is not None:
        print(f"readme_table: {file}: {fault}; run bench_peers.py for {', '.join(TIMED)}", file=sys.stderr)
        return BAD_INPUT
    print("\n".join(lines({case: entries[case] for case in TIMED})))
    return 0


def _fault(entries: Mapping[str, Entry]) -> str | None:
    missing = [case for case in TIMED if case not in entries]
    if missing:
        return f"no {', '.join(missing)} found"
    machines = {entries[case].machine for case in TIMED}
    return f"{len(machines)} machines found, one expected" if len(machines) > 1 else None


def lines(entries: Mapping[str, Entry]) -> Iterator[str]:
    """Yield where it was measured, the table, and what differs between the peers."""
    cases = {
        case: {row.peer: row for row in entry.rows if row.failure is None} for case, entry in entries.items()
    }
    first = entries[COMPARED]
    units = f"medians in ms (ratio to {OURS}'s)"
    yield f"{first.machine}, one thread, {first.date}: {units}."
    yield ""
    recalls = ["recall@10"] if _has_recall(cases) else []
    yield _line(["", *TIMED.values(), "cosine, mean", "worst", *recalls, "MB"])
    yield _line(["---", *["---:"] * (len(TIMED) + len(recalls) + 3)])
    for peer in dict.fromkeys(row.peer for entry in entries.values() for row in entry.rows):
        yield _line(_cells(peer, cases))
    yield ""
    yield from _differences(cases)


def _cells(peer: str, cases: Cases) -> Iterator[str]:
    rows = [found[peer] for found in cases.values() if peer in found]
    title = rows[0].title if rows else peer
    yield title.replace(OURS, f"**{OURS}**", 1) if peer == OURS else title
    for found in cases.values():
        yield _time(found, peer)
    compared = cases[COMPARED]
    for name in ("cosine_mean", "cosine_min"):
        yield "1" if peer == REFERENCE else _exactness(compared, peer, name, "{:.4f}")
    if _has_recall(cases):
        yield _exactness(compared, peer, "recall_at_10", "{:.1%}").replace("%", " %")
    size = compared[peer].size_mb if peer in compared else None
    yield "" if size is None else f"{size:.1f}"


def _has_recall(cases: Cases) -> bool:
    return any(row.recall_at_10 is not None for row in cases[COMPARED].values())


def _time(found: Mapping[str, Row], peer: str) -> str:
    if peer not in found:
        return ""
    shown = {name: _digits(row.median_ms or math.nan) for name, row in found.items()}
    medians = {name: float(text.replace(",", "")) for name, text in shown.items()}
    quickest = min(medians[name] for name in medians if name not in FLOAT)
    text = f"**{shown[peer]}**" if peer not in FLOAT and medians[peer] == quickest else shown[peer]
    return text if peer == OURS or OURS not in found else f"{text} ({medians[peer] / medians[OURS]:.2f})"


def _exactness(compared: Mapping[str, Row], peer: str, name: str, form: str) -> str:
    values = {each: getattr(row, name) for each, row in compared.items()}
    found = {each: form.format(value) for each, value in values.items() if value is not None}
    if peer not in found:
        return ""
    best = max(
        (text for each, text in found.items() if each not in FLOAT), key=lambda text: float(text.strip("%"))
    )
    return f"**{found[peer]}**" if peer not in FLOAT and found[peer] == best else found[peer]


def _digits(milliseconds: float) -> str:
    """Write 0.754, 6.08, 32.4, 133 or 1,080."""
    decimals = max(0, 2 - math.floor(math.log10(milliseconds)))
    return f"{milliseconds:,.{decimals}f}"


def _differences(cases: Cases) -> Iterator[str]:
    yield f"- {OURS} answers the batch with `run_many`, which strips padding; the others pad to its longest."
    for row in cases[COMPARED].values():
        if row.padded is not None:
            padded = f"except at 1x16, every sentence is padded to {row.padded} tokens"
            yield f"- {_name(row)} has one graph per shape: {padded}."
    yield f"- {OURS} also pools and normalizes; the others end at the hidden state."
    in_bf16: dict[str, dict[str, str]] = {}  # by name and case, milliseconds in f32
    for case, rows in cases.items():
        for row in rows.values():
            if row.variant == "bf16":
                in_bf16.setdefault(_name(row), {})[case] = _digits(row.tried["f32"])
    for name, exact in in_bf16.items():
        which, times = " and ".join(exact), " and ".join(exact.values())
        yield f"- {name} runs {which} in bf16, its default on this CPU; in f32 it takes {times} ms."


def _name(row: Row) -> str:
    return row.title.partition(" ")[0]


def _line(cells: Iterable[str]) -> str:
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


if __name__ == "__main__":
    sys.exit(main())
