"""The page's commands in a fresh checkout, and its table by the program that they installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, commands
from reader import check_out, lines, run
from safetensors.numpy import save_file

PAGE = ROOT / "runtime" / "cpp" / "README.md"
BUNDLE = ROOT / "runtime" / "conformance" / "build" / "decoder.edge"
TABLE = [command.text for command in commands(PAGE) if command.text.startswith("edgeattn-run ")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of a reader who has built and installed as the page says."""
    home = tmp_path_factory.mktemp("home")
    check_out(home / "checkout")
    for line in lines(PAGE):
        run(line, home / "checkout", HOME=str(home))
    return home


@pytest.mark.parametrize("command", TABLE)
def test_the_installed_program_does_it(home: Path, tmp_path: Path, command: str) -> None:
    for bundle in ("NEW.edge", "OLD.edge"):
        shutil.copytree(BUNDLE, tmp_path / bundle)
    save_file({"tokens": np.array([[4, 7, 1]])}, tmp_path / "x.safetensors")
    run(f"{home}/.local/bin/{command.replace('NAME.edge', str(BUNDLE))}", tmp_path)
