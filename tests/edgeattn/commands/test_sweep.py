from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from edgeattn.commands.sweep_bars import SweepBars
from edgeattn.commands.terminal import bars_on
from edgeattn.sweep.events import forward

pytestmark = pytest.mark.usefixtures("dask_collected")

TINY = Path(__file__).parents[1] / "tiny.py"
Refused = Callable[..., str]


def test_what_cannot_be_swept_is_one_line(tmp_path: Path, refused: Refused) -> None:
    out = ("-o", tmp_path / "out")
    assert "nowhere.py: " in refused("sweep", "nowhere.py", *out)
    assert f"{TINY}: " in refused("sweep", TINY, TINY, *out)
    assert "budget 'speed': " in refused("sweep", TINY, "--budget", "cosine=0.9,speed=3", *out)
    assert "target 'tpu': " in refused("sweep", TINY, "--target", "tpu", *out)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "thesis.tex" in refused("sweep", TINY, "-o", tmp_path)


def test_a_scheduler_that_does_not_answer_is_one_line(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgeattn.partitions.scheduler.ANSWER_SECONDS", 0.2)
    told = refused("sweep", TINY, "-o", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert "scheduler tcp://127.0.0.1:9: " in told
    monkeypatch.setenv("EDGEATTN_SCHEDULER", "pi4")
    assert "scheduler 'pi4': " in refused("sweep", TINY, "-o", tmp_path / "out")


def test_bars_count_rows_and_show_those_that_are_worked_on() -> None:
    console = Console(width=120, force_terminal=True, record=True, file=io.StringIO())
    with bars_on(console, "{task.description}") as shown_bars:
        bars = SweepBars(shown_bars, "http://127.0.0.1:8787/status")
        bars.begin(3, 8)
        forward(bars, {"row": "digits cosine=0.99 cpu", "stage": "quantize", "worker": "a"})
        forward(bars, {"row": "digits cosine=0.99 cpu", "step": (2, 9, "timing blocks.0"), "worker": "a"})
        console.print(shown_bars)
        shown = console.export_text()
        bars.end("digits cosine=0.99 cpu")
        assert [task.description for task in shown_bars.tasks] == ["rows"]
        assert shown_bars.tasks[0].completed == 4
    assert "http://127.0.0.1:8787/status" in shown
    assert "digits cosine=0.99 cpu" in shown
    assert "timing blocks.0" in shown
