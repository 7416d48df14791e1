"""Runs every case of a conformance folder, and prints a line of JSON for each answer.

python runtime/python/conform runtime/conformance/build
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

from lines import lines


def main(folder: Path) -> None:
    """Print the lines of every case."""
    warnings.simplefilter("ignore")  # texts that are cut are warned of, and are meant to be
    for case in json.loads((folder / "cases.json").read_text("utf-8")):
        for line in lines(case, folder):
            sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
