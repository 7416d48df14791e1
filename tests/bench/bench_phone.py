"""A bundle of 90 MB on a phone: MiniLM-L6 in float, from address to row, on plain http and one thread.

    python tests/bench/bench_phone.py [BUNDLE]

Exports the bundle where none is given. Prints what the terminal showed, and the seconds from the address to
the last step in headless Chromium with a phone's viewport. Needs Node, Chromium, and `edgeattn targets
--install web`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from edgeattn import pipeline
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.source.handover import load
from edgeattn_export.quantize.forms import FLOAT
from edgeattn_export.quantize.recipes.recipe import EVERY, Recipe, Treatment

ROOT = Path(__file__).parents[2]
SENTENCE = ROOT / "models" / "sentence" / "model.py"
FLOAT_ALONE = Recipe("float", ((EVERY, Treatment(FLOAT.name)),), ())
HOST = "phone.example"  # plain http, and not localhost


def main() -> None:
    """Export, serve, open, print."""
    sys.path.insert(0, str(ROOT / "tests" / "web"))
    from served import open_on_phone, served

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundle", nargs="?", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = given.bundle or _exported(Path(folder) / "sentence.edge")
        with served(bundle) as server:
            address = server.address().replace("127.0.0.1", HOST)
            found = open_on_phone(address, flags=[f"--host-resolver-rules=MAP {HOST} 127.0.0.1"])
            server.until(re.compile("pass|FAIL"))
            server.interrupt()
    print("".join(server.said))
    print(found["steps"])
    print(f"{found['seconds']:.1f} s from the address to the last step")


def _exported(folder: Path) -> Path:
    source = load(str(SENTENCE))
    request = Request.read(
        "web", source.budget, Objective("speed", FLOAT_ALONE), has_metric=source.metric is not None
    )
    return pipeline.run(source, request, Silent()).save(folder)


if __name__ == "__main__":
    main()
