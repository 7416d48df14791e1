"""A checkpoint that was really trained, exported by one line, answers as its library does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "edgeattn" / "source" / "checkpoint"))
import folders

LEAST_ACCURACY = 0.7  # of digits that training never saw; chance is a tenth


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("checkpoints")
    folders.digits(place / "digits")
    folders.digit_images(place / "images")
    return place


def run(place: Path, *words: str) -> str:
    command = [sys.executable, "-m", "edgeattn", *words]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout


def test_images_of_digits_keep_their_accuracy(place: Path) -> None:
    report = json.loads(run(place, "export", "digits", "--samples", "images", "--json"))
    assert report["verdict"] == "pass"
    accuracy = report["accuracy"]
    assert accuracy["metric_pytorch"] > LEAST_ACCURACY
    assert accuracy["metric_int8"] > accuracy["metric_pytorch"] - 0.05
    seven = next(iter(sorted((place / "images" / "7").iterdir())))
    answers = run(place, "run", "digits.edge", "--input", str(seven)).splitlines()
    assert len(answers) == 5
