from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import draws
import numpy as np
import pytest
from draws import STRIDE, drawn_seed


def _number() -> float:
    return float(np.random.default_rng(drawn_seed(5)).random())


def test_a_test_draws_by_the_option(request: pytest.FixtureRequest) -> None:
    assert drawn_seed(5) == 5 + STRIDE * request.config.getoption("draw")
    assert request.node.get_closest_marker("drawn")


def test_draw_0_is_the_seed_itself_and_others_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []
    for draw in range(3):
        monkeypatch.setattr(draws, "_draws", [draw])
        numbers.append(_number())
    assert numbers[0] == np.random.default_rng(5).random()
    assert len({*numbers}) == 3


def test_nothing_draws_before_the_draw_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "_draws", [])
    with pytest.raises(RuntimeError, match="draw in a fixture"):
        drawn_seed(5)


def test_workers_draw_by_the_option() -> None:
    test = f"{__file__}::{test_a_test_draws_by_the_option.__name__}"
    command = [sys.executable, "-m", "pytest", "-n", "1", "--draw", "3", "-m", "drawn", test]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert "draw: 3" in done.stdout, done.stdout
    assert "1 passed" in done.stdout, done.stdout
