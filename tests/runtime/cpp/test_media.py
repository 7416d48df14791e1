"""Images, sounds and series from files: what edgeattn-run prints of them, and the C API."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn_runtime.__main__ import main

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
FILES = CONFORMANCE / "prepare" / "files"


@pytest.mark.parametrize(
    ("bundle", "option", "file"),
    [
        ("bilinear", "--image", "orientation-6.png"),
        ("stereo", "--audio", "stereo-floats-32.wav"),
        ("series-hold", "--series", "gaps.csv"),
    ],
)
def test_run_prints_what_python_does(
    run: Run, gcc: Path, capsys: pytest.CaptureFixture[str], bundle: str, option: str, file: str
) -> None:
    printed = run(gcc / "edgeattn-run", "run", CONFORMANCE / f"{bundle}.edge", option, FILES / file).stdout
    assert main(["run", str(CONFORMANCE / f"{bundle}.edge"), "--input", str(FILES / file)]) == 0
    assert printed == capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no input found; give --input, --text, --image, --audio or --series FILE"),
        (("--image", FILES / "rgb.png", "--audio", FILES / "none.wav"), "two inputs found, one expected"),
        (("--image", FILES / "rgb-16.png"), "rgb-16.png: 16 bits a channel found, 8 expected"),
        (("--image", FILES / "cut.jpg"), "cut.jpg: a JPEG file without its end (cut?)"),
        (("--image", FILES / "nowhere.png"), "nowhere.png: no such file; the file of an image expected"),
        (("--image", FILES / "beyond-all-pixels.png"), "8193 x 4097 pixels found, at most 33554432 expected"),
        (("--audio", FILES / "stereo-none.wav"), "no 'audio' in its processing"),
    ],
)
def test_a_file_that_is_refused_is_told_in_one_line(
    run: Run, gcc: Path, words: tuple[str | Path, ...], message: str
) -> None:
    stderr = run(gcc / "edgeattn-run", "run", CONFORMANCE / "bilinear.edge", *words, code=2).stderr
    assert message in stderr
    assert stderr.count("\n") == 1


def test_webp_is_refused_by_its_name(run: Run, gcc: Path, tmp_path: Path) -> None:
    (tmp_path / "x.webp").write_bytes(b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0")
    command = ("run", CONFORMANCE / "bilinear.edge", "--image", tmp_path / "x.webp")
    assert "WebP found, a PNG or JPEG file expected" in run(gcc / "edgeattn-run", *command, code=2).stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_c_api_takes_an_apps_own_data(run: Run, compiler: str, request: pytest.FixtureRequest) -> None:
    program = request.getfixturevalue(compiler) / "tests" / "edgeattn-c-media"
    run(program, CONFORMANCE / "series-hold.edge", FILES / "plain.csv")
