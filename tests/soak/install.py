"""Installs bundles in turn over one place, so often, and prints what is told: a fault's or a race's part.

python install.py PLACE TIMES BUNDLE...
"""

from __future__ import annotations

import sys
from itertools import cycle, islice
from pathlib import Path

import edgeattn_runtime


def main(place: str, times: str, *bundles: str) -> None:
    """Install, until it is refused."""
    try:
        for bundle in islice(cycle(bundles), int(times)):
            edgeattn_runtime.install(Path(bundle), over=Path(place))
    except edgeattn_runtime.EdgeAttnError as error:
        print(f"{type(error).__name__}: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
