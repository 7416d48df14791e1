"""make.py: bundles are made where they are missing or old, once, and held against their digests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import make
import pytest

CASES = """
import time
from pathlib import Path
from types import SimpleNamespace

time.sleep(0.2)
with Path(__file__).with_name("log").open("a") as log:
    log.write("made\\n")
table = {"bundle": "tiny.edge"}
files = {"model.onnx": b"one"}
CASES = [SimpleNamespace(bundle="tiny", files=files, besides={}, table=lambda: table)]
"""


@pytest.fixture
def conformance(tmp_path: Path) -> Path:
    """A folder of one case, its bundles made and recorded."""
    folder = tmp_path / "conformance"
    folder.mkdir()
    shutil.copy(make.__file__, folder)
    (folder / "cases.py").write_text(CASES)
    assert _run(folder, "--record") == (0, "")
    return folder


def _run(folder: Path, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-B", folder / "make.py", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def _times(folder: Path) -> int:
    return (folder / "log").read_text().count("made")


def test_what_is_made_of_these_sources_stays(conformance: Path) -> None:
    assert _run(conformance) == (0, "")
    assert _times(conformance) == 1


@pytest.mark.parametrize(
    "file", ["cases.py", "recorded/tokens.json", "../python/edgeattn_runtime/manifest.py"]
)
def test_bundles_of_other_sources_are_made_again(file: str, conformance: Path) -> None:
    path = conformance / file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as source:
        source.write("# changed\n")
    (conformance / "build" / "old.edge").mkdir()
    assert _run(conformance) == (0, "")
    assert _times(conformance) == 2
    assert not (conformance / "build" / "old.edge").exists()


def test_what_was_interrupted_is_made_again(conformance: Path) -> None:
    (conformance / "build" / "sources.sha256").unlink()
    assert _run(conformance) == (0, "")
    assert _times(conformance) == 2


def test_one_of_several_processes_makes_them(conformance: Path) -> None:
    shutil.rmtree(conformance / "build")
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(_run, [conformance] * 3)] == [(0, "")] * 3
    assert _times(conformance) == 2


def test_a_file_that_is_not_as_recorded_is_named(conformance: Path) -> None:
    cases = conformance / "cases.py"
    cases.write_text(cases.read_text().replace('b"one"', 'b"two"'))
    code, errors = _run(conformance)
    assert (code, errors) == (1, "not as SHA256SUMS has them, see --record: tiny.edge/model.onnx\n")
    assert _run(conformance, "--unchecked") == (0, "")
    assert _run(conformance, "--record") == (0, "")
    assert _run(conformance) == (0, "")


def test_what_cannot_be_made_is_refused_in_one_line(conformance: Path) -> None:
    cases = conformance / "cases.py"
    cases.write_text("import no_onnx_here\n" + cases.read_text())
    code, errors = _run(conformance)
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("no no_onnx_here: ")


def test_a_folder_that_is_there_is_left_alone(conformance: Path) -> None:
    code, errors = _run(conformance, "--to", str(conformance))
    assert code == 2
    assert "name a new folder" in errors
