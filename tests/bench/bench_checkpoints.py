"""The table of docs/checkpoints.md: checkpoints of each kind, trained here and exported by one line each.

    python tests/bench/bench_checkpoints.py [NAME ...]

Each is trained for some seconds up to two minutes, on data that packages and this repository carry, saved as
its library saves it, and exported by the command that a user types. Without names, the table in
docs/checkpoints.md is written anew; with names, rows are printed. It needs timm and num2words.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from checkpoints.example import Example
from checkpoints.images import digits, strokes
from checkpoints.sounds import heard, spelled
from checkpoints.table import write_table
from checkpoints.texts import alike, answers, entities, figures, gaps, language, writer

TRAINED = (
    *(language, entities, answers, gaps, writer, figures, alike),
    *(digits, strokes, heard, spelled),
)
COLUMNS = ("checkpoint", "verdict", "metric", "PyTorch", "bundle", "MB, PyTorch", "bundle")


def cells(example: Example, folder: Path) -> Iterator[str]:
    """Export a checkpoint by the command that a user types, and yield a row of the table."""
    command = [sys.executable, "-m", "edgeattn", *example.command(folder), "--json"]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    if not printed:
        sys.exit(f"bench_checkpoints: {example.task} was not exported; the line above says why")
    report = json.loads(printed)
    accuracy, size = report["accuracy"], report["size_mb"]
    yield example.task
    yield report["verdict"]
    yield example.metric
    yield f"{accuracy['metric_pytorch']:.4f}"
    yield f"{accuracy['metric_int8']:.4f}"
    yield f"{size['pytorch']:.2f}"
    yield f"{size['int8']:.2f}"


if __name__ == "__main__":
    write_table("checkpoints", COLUMNS, dict.fromkeys(TRAINED, cells), None)
