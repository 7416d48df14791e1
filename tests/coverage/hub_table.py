"""The libraries' table: exports every family of timm and transformers, and prints it.

    make coverage-hub
    python tests/coverage/hub_table.py [FAMILY ...] [--results FOLDER] [--processes 2]

The first installs the libraries into an environment of its own. Results are kept, a file a family, so that
a run that was stopped goes on; families that are named, such as timm:beit, are run anew. --fresh forgets
what is kept, --kept runs nothing and prints the table of it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

# Before any library is imported: nothing is fetched, and a process that is forked has no threads.
os.environ |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "edgeattn-hub"
LIBRARIES = ("timm", "transformers", "torch", "onnxruntime")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the families that are asked for, and print their table."""
    asked = _arguments(arguments)
    from hub.catalog import families
    from hub.leading import MEMORY, SECONDS, kept_in, run
    from hub.page import render
    from hub.stages import FLOAT_ERROR, INT8_COSINE

    known = {str(family): family for family in families()}
    unknown = [name for name in asked.families if name not in known]
    if unknown:
        sys.exit(f"hub_table: no family {unknown[0]!r}; expected one such as transformers:t5 or timm:beit")
    named = [known[name] for name in asked.families]
    wanted = named or list(known.values())
    if named or asked.fresh:
        for family in wanted:
            kept_in(asked.results, family).unlink(missing_ok=True)
    left = [each for each in wanted if asked.kept and not kept_in(asked.results, each).exists()]
    outcomes = list(run([each for each in wanted if each not in left], asked.results, asked.processes))
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    limits = {"seconds": SECONDS, "memory": MEMORY >> 30, "error": FLOAT_ERROR, "cosine": INT8_COSINE}
    print(render(outcomes, left, versions=versions, **limits))


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Export every family of timm and transformers.")
    parser.add_argument("families", nargs="*", metavar="FAMILY", help="such as timm:beit; default: all")
    parser.add_argument("--results", type=Path, default=CACHE / "results", help="keeps what is done")
    parser.add_argument("--fresh", action="store_true", help="run all anew")
    parser.add_argument("--kept", action="store_true", help="run nothing, print the table of what is kept")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
