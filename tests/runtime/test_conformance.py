"""The table of runtime/conformance/README.md holds, and make.py writes those very bundles."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeattn_runtime import BundleError, IncompatibleRuntimeError, load
from edgeattn_runtime.golden import check

CONFORMANCE = Path(__file__).parents[2] / "runtime" / "conformance"
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| .+ \|$", re.MULTILINE)
TABLE: list[tuple[str, str]] = ROW.findall((CONFORMANCE / "README.md").read_text("utf-8"))


def _verdict(bundle: Path) -> str:
    try:
        model = load(bundle)
        for name in model.manifest.graphs:
            model.graph(name)
        results = check(bundle)
    except BundleError:
        return "refused"
    except IncompatibleRuntimeError:
        return "refused: beyond the installed engine"
    proven = all(result.ok for result in results)
    return "accepted" if proven else "accepted; its golden vectors fail"


def test_the_table_lists_every_bundle() -> None:
    assert sorted(folder for folder, _ in TABLE) == sorted(path.name for path in CONFORMANCE.glob("*.edge"))


@pytest.mark.parametrize(("folder", "verdict"), TABLE)
def test_verdict(folder: str, verdict: str) -> None:
    assert _verdict(CONFORMANCE / folder) == verdict


def test_make_writes_the_same_bytes(tmp_path: Path) -> None:
    for script in CONFORMANCE.glob("*.py"):
        shutil.copy(script, tmp_path)
    subprocess.run([sys.executable, "-B", str(tmp_path / "make.py")], check=True)
    assert _contents(tmp_path) == _contents(CONFORMANCE)


def _contents(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("*.edge/**/*"), folder / "README.md"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}
