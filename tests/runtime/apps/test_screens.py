"""The examples' screens in SwiftUI are type-checked against stand-ins; build-jvm compiles Android's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SWIFT = Path(__file__).parents[3] / "runtime" / "swift"
STAND_INS = Path(__file__).parent / "screen"


def _check(toolchain: Path, modules: Path, *sources: Path) -> subprocess.CompletedProcess[str]:
    swiftc = toolchain / "usr" / "bin" / "swiftc"
    for name in ("SwiftUI", "AVFoundation"):
        module, source = modules / f"{name}.swiftmodule", STAND_INS / f"{name}.swift"
        subprocess.run([swiftc, "-emit-module", "-module-name", name, "-o", module, source], check=True)
    folders = [modules, SWIFT / ".build/debug/Modules", SWIFT.parent / "cpp" / "include"]
    command = [swiftc, "-typecheck", "-warnings-as-errors", "-parse-as-library", "-swift-version", "5"]
    command += [f"-I{folder}" for folder in folders]
    command += sources
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("example", ["Digits", "Keywords"])
def test_the_screen_type_checks(toolchain: Path, tmp_path: Path, example: str) -> None:
    done = _check(toolchain, tmp_path, *sorted((SWIFT / "Examples" / example).glob("*.swift")))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_screen_that_shows_no_text_is_found(toolchain: Path, tmp_path: Path) -> None:
    screen = tmp_path / "Screen.swift"
    screen.write_text("import SwiftUI\n\nstruct Screen: View {\n    var body: some View { Text(5) }\n}\n")
    done = _check(toolchain, tmp_path, screen)
    assert done.returncode == 1
    assert "Text" in done.stderr
