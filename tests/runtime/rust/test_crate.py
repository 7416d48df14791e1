"""The crate: its binding is the header's, its page's commands answer, and its own tests pass."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).parents[2] / "documents"))
from commands import ROOT
from supposed import plain

RUST = ROOT / "runtime" / "rust"
HEADER = (ROOT / "runtime" / "cpp" / "include" / "edgeattn.h").read_text("utf-8")
UNUSED = {  # the crate builds its own core, and reads arrays by their places
    "edgeattn_version",
    "edgeattn_abi_version",
    "edgeattn_call_options_init",
    "edgeattn_tensors_find",
}


def _run(script: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_binding_is_the_headers(script: Callable[[Path], ModuleType]) -> None:
    bindings = script(RUST / "bind.py").bindings(HEADER)
    assert (RUST / "src" / "sys.rs").read_text("utf-8") == bindings


def test_all_that_the_header_has_is_used() -> None:
    functions = set(re.findall(r"^EDGEATTN_API .*?(edgeattn_\w+)\(", HEADER, re.MULTILINE))
    sources = [path.read_text("utf-8") for path in (RUST / "src").glob("*.rs") if path.name != "sys.rs"]
    used = set(re.findall(r"edgeattn_\w+", "".join(sources)))
    assert functions - used == UNUSED


def test_the_pages_commands_read_a_digit(
    made_once: Callable[[str, Callable[[Path], object]], Path], tmp_path: Path
) -> None:
    drawn = load_file(ROOT / "models" / "digits" / "digits.safetensors")
    image = (255 - 15 * drawn["images"][0]).astype(np.uint8)
    Image.fromarray(image).resize((32, 32), Image.Resampling.NEAREST).save(tmp_path / "seven.png")
    (tmp_path / "digits.edge").symlink_to(made_once("plain-digits.edge", plain("digits")))
    (tmp_path / "edgeattn").symlink_to(ROOT)
    block = re.search(r"```\n(cargo new .*?)```", (RUST / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    assert len(block[1].splitlines()) == 5
    assert _run(block[1], tmp_path).splitlines()[-1] == str(drawn["labels"][0])


@pytest.mark.usefixtures("conformance")
def test_its_own_tests_pass() -> None:
    engine = _run("runtime/cpp/engine", ROOT).strip()
    build = f"ONNXRUNTIME_ROOT={engine} cargo test --release --offline --test lifecycle"
    assert "10 passed" in _run(build, RUST)
