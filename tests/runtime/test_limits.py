"""What is limited, and what a few kilobytes of a manifest must not cost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edgeattn_runtime import limits, load
from edgeattn_runtime.bundle.manifest import Manifest

ROOT = Path(__file__).parents[2]

LINEAR = 9.0  # of growth, where sizes grow by 4: the square of it grows by 16

Growth = Callable[[Callable[[], object], Callable[[], object]], float]

# Loads a bundle and prints how many graphs were opened.
OPENED = """
import sys
import onnxruntime
import edgeattn_runtime as rt

opened, real = [], onnxruntime.InferenceSession
def counting(*args, **kwargs):
    opened.append(args[0])
    return real(*args, **kwargs)
onnxruntime.InferenceSession = counting
net = rt.load(sys.argv[1])
print(len(opened))
"""


def test_the_specification_states_every_limit() -> None:
    page = (ROOT / "runtime" / "README.md").read_text("utf-8")
    table = page.partition("## Limits")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| ([0-9,]+) \| `([^`]+)` \|$", table, re.MULTILINE)
    constants = [value for name, value in vars(limits).items() if name.isupper()]
    assert {int(number.replace(",", "")) for number, _ in rows} == {2**20, *constants}
    assert len({case for _, case in rows}) == len(rows) == table.count("\n| ") - 2  # without the head
    assert all((ROOT / "runtime" / "conformance" / "build" / case).is_dir() for _, case in rows)


def test_no_source_of_the_core_hides_a_limit() -> None:
    """Several sources are compiled as one: a constant of the same name, nearer, would be taken."""
    sources = ROOT / "runtime" / "cpp" / "src"
    constant = re.compile(r"^\s*(?:static |inline )*constexpr \S+ (kMost\w+)", re.MULTILINE)
    limited = set(constant.findall((sources / "limits.hpp").read_text("utf-8")))
    others = [path for path in sources.rglob("*.[ch]pp") if path.name != "limits.hpp"]
    found = {name for path in others for name in constant.findall(path.read_text("utf-8"))}
    assert len(limited) == 16
    assert "kMostSteps" in found
    assert limited & found == set()


def test_variants_are_opened_when_they_are_used(copied: Callable[[str], Path]) -> None:
    bundle = copied("buckets")
    process = subprocess.run(
        [sys.executable, "-c", OPENED, str(bundle)], capture_output=True, text=True, check=True, timeout=100
    )
    assert process.stdout == "1\n"
    assert len(load(bundle).variants) > 1


def test_many_variants_cost_what_their_text_does(copied: Callable[[str], Path], growth: Growth) -> None:
    manifest = json.loads((copied("good") / "manifest.json").read_text("utf-8"))
    (variant, *_), symbol = manifest["variants"], next(iter(manifest["symbols"]))
    manifest.pop("rows", None)
    variant["stacks"] = []

    def text(count: int) -> str:
        variants = [{**variant, "sizes": {symbol: i + 1}} for i in range(count)]
        return json.dumps({**manifest, "variants": variants})

    few, many = text(500), text(2000)
    assert growth(lambda: Manifest.from_json(few), lambda: Manifest.from_json(many)) < LINEAR


def test_rows_cost_what_their_text_does(good: Path, growth: Growth) -> None:
    path = good / "manifest.json"

    def text(count: int) -> str:
        manifest = json.loads(path.read_text("utf-8"))
        graph, batch = manifest["graphs"]["model"], "batch"
        names = [f"s{i}" for i in range(count)]
        manifest["symbols"] |= {name: {"min": 1, "max": None} for name in (*names, batch)}
        graph["inputs"][0]["dims"] = [batch, *names]
        graph["outputs"][0]["dims"] = [batch, *reversed(names)]
        manifest["rows"] = {"batch": batch, "padding": None}
        manifest["variants"] = [{**manifest["variants"][0], "stacks": [], "sizes": {}}]
        return json.dumps(manifest)

    few, many = text(4000), text(16_000)
    assert growth(lambda: Manifest.from_json(few), lambda: Manifest.from_json(many)) < LINEAR
