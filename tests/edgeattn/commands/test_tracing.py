from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = Path(__file__).parents[1] / "tiny.py"


@pytest.mark.usefixtures("instant_capture")
def test_modules_are_shown_and_drawn(folder: Path, tmp_path: Path, ran: Callable[..., str]) -> None:
    picture = tmp_path / "trace.svg"
    printed = ran("validate", folder, TINY, "--trace", "--picture", picture)
    assert "tiny for cpu, traced on" in printed
    assert "compared all the same" not in printed
    assert "embed" in printed
    assert b"<svg" in picture.read_bytes()


@pytest.mark.usefixtures("instant_capture")
def test_json_is_printed_alone(folder: Path, ran: Callable[..., str]) -> None:
    table = json.loads(ran("validate", folder, TINY, "--trace", "--json"))
    assert {row["module"] for row in table["modules"]} == {"", "embed", "query", "key", "value", "tags"}
    assert table["notes"] == []


@pytest.mark.usefixtures("instant_capture")
@pytest.mark.parametrize("more", [["--trace"], []], ids=["trace", "figures"])
def test_other_weights_are_said_and_compared_all_the_same(
    more: list[str], folder: Path, tmp_path: Path, ran: Callable[..., str]
) -> None:
    other = tmp_path / "tiny.py"
    other.write_text(TINY.read_text().replace("manual_seed(0)", "manual_seed(3)"))
    printed = " ".join(ran("validate", folder, other, *more).split())
    assert "The weights of tiny are not those that the bundle was made of" in printed
    assert "The file of tiny is not the one that the bundle was made of" in printed


def test_a_trace_needs_the_original(folder: Path, refused: Callable[..., str]) -> None:
    assert "--trace: " in refused("validate", folder, "--trace")


def test_a_picture_needs_a_trace_and_an_svg(folder: Path, refused: Callable[..., str]) -> None:
    assert "--picture x.svg: " in refused("validate", folder, TINY, "--picture", "x.svg")
    assert "--picture x.png: " in refused("validate", folder, TINY, "--trace", "--picture", "x.png")


def test_a_picture_that_cannot_be_written_is_said_before_the_work(
    folder: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    place = tmp_path / "nowhere" / "x.svg"
    assert f"--picture {place}: " in refused("validate", folder, TINY, "--trace", "--picture", place)
