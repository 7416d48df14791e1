"""The page's commands in a fresh checkout, and its table by the program that they installed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, commands
from reader import check_out, lines, run
from safetensors.numpy import save_file

PAGE = ROOT / "runtime" / "cpp" / "README.md"
PROJECT = """
cmake_minimum_required(VERSION 3.18)
project(app LANGUAGES CXX)
find_package(edgeattn REQUIRED)
add_executable(app app.cpp)
target_compile_features(app PRIVATE cxx_std_17)
target_link_libraries(app PRIVATE edgeattn::edgeattn)
"""
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


def test_the_first_example_answers(home: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```cpp\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)[:1]
    include, _, body = example.partition("\n")
    program = f"{include}\nint main() {{ {body} return embedding[0] == embedding[0] ? 0 : 1; }}\n"
    (tmp_path / "app.cpp").write_text(program, "utf-8")
    (tmp_path / "CMakeLists.txt").write_text(PROJECT, "utf-8")
    shutil.copytree(BUNDLE.with_name("processed.edge"), tmp_path / "sentence.edge")
    places = f"-DCMAKE_PREFIX_PATH={home}/.local -DONNXRUNTIME_ROOT={home}/checkout/build/engine"
    run(f"cmake -S . -B build {places} && cmake --build build && build/app", tmp_path)


@pytest.mark.parametrize("command", TABLE)
def test_the_installed_program_does_it(home: Path, tmp_path: Path, command: str) -> None:
    for bundle in ("NEW.edge", "OLD.edge"):
        shutil.copytree(BUNDLE, tmp_path / bundle)
    save_file({"tokens": np.array([[4, 7, 1]])}, tmp_path / "x.safetensors")
    run(f"{home}/.local/bin/{command.replace('NAME.edge', str(BUNDLE))}", tmp_path)
