"""What outputs mean, by the C API and as edgeattn-run prints it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeattn_runtime import load
from edgeattn_runtime.__main__ import main

Run = Callable[..., subprocess.CompletedProcess[str]]
CONFORMANCE = Path(__file__).parents[3] / "runtime" / "conformance" / "build"
LETTERBOX, ANSWERS = CONFORMANCE / "objects-letterbox.edge", CONFORMANCE / "span-wordpiece.edge"
QUESTION, CONTEXT = "Who?", "Émilie 😀 wrote it."


def test_predictions_in_c(run: Run, clang: Path) -> None:
    lines = run(clang / "tests" / "edgeattn-c-predictions", LETTERBOX, ANSWERS).stdout.splitlines()
    with load(ANSWERS) as model:
        outputs = model(**model.prepare(text=QUESTION, pair=CONTEXT))
        ((answer,),) = model.predictions(outputs, text=QUESTION, pair=CONTEXT)
    assert answer.text is not None
    assert answer.span is not None
    size, (begin, end) = len(answer.text.encode()), answer.span
    assert lines[:2] == [
        "row 0: label dog score 0.750000 box 116.364 180.000 465.455 300.000",
        "beyond: 0",
    ]
    assert [line.split(": ")[0] for line in lines[2:7]] == ["refused"] * 5
    assert "sizes: none found; give the width and height" in lines[2]
    assert "sizes: 1 x 0 found" in lines[3]
    assert lines[7:9] == [
        f"row 0: text {answer.text}, {size} bytes score {answer.score:.6f} span {begin} {end}",
        "beyond: 0",
    ]
    assert "give pairs as well" in lines[9]
    assert "pairs: NULL found" in lines[10]
    assert len(lines) == 11


def test_run_prints_the_answer_that_python_does(
    run: Run, gcc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("run", str(ANSWERS), "--text", QUESTION, "--pair", CONTEXT)
    assert main([*words]) == 0
    assert run(gcc / "edgeattn-run", *words).stdout == capsys.readouterr().out
