from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from model_file import load
from torch import Tensor

FOLDER = Path(__file__).parents[2] / "models" / "series"
BASELINES = {"seasonal naive, a day", "seasonal naive, a week", "linear"}
SAMPLES = 150  # at least
SAME = {"rtol": 0.0, "atol": 1e-4}


@pytest.fixture(scope="module")
def series() -> Iterator[ModuleType]:
    with torch.inference_mode():
        yield load("series")


@pytest.fixture(scope="module")
def network(series: ModuleType) -> torch.nn.Module:
    trained: torch.nn.Module = series.model()
    return trained


@pytest.fixture(scope="module")
def windows(series: ModuleType) -> tuple[Tensor, Tensor]:
    """Return all samples at once: the pasts, (N, 3, 336), and the days after them, (N, 3, 24)."""
    past, following = zip(*((inputs["past"], after) for inputs, after in series.samples()), strict=True)
    return torch.cat(past), torch.cat(following)


def test_forecasts_better_than_every_baseline(
    network: torch.nn.Module, windows: tuple[Tensor, Tensor]
) -> None:
    scores = json.loads((FOLDER / "scores.json").read_text(encoding="utf-8"))
    assert scores.keys() == BASELINES | {"transformer"}
    for kind in ("mae", "mse"):
        means = {name: sum(score[kind]) / len(score[kind]) for name, score in scores.items()}
        assert means["transformer"] < min(means[name] for name in BASELINES)
    past, following = windows
    reached = (network(past)["forecast"] - following).abs().mean().item()
    stated = scores["transformer"]["mae"]
    assert reached == pytest.approx(sum(stated) / len(stated), rel=0.05)  # of samples, not of all windows


def test_forecasts_better_than_yesterday_and_last_week_on_the_samples(
    network: torch.nn.Module, windows: tuple[Tensor, Tensor]
) -> None:
    past, following = windows
    reached = (network(past)["forecast"] - following).abs().mean()
    for season in (24, 168):
        start = past.size(-1) - season
        assert reached < 0.9 * (past[..., start : start + 24] - following).abs().mean()


def test_a_batch_is_forecast_as_its_windows_are(
    network: torch.nn.Module, windows: tuple[Tensor, Tensor]
) -> None:
    past = windows[0][:8]
    alone = torch.cat([network(each[None])["forecast"] for each in past])
    torch.testing.assert_close(network(past)["forecast"], alone, **SAME)


def test_a_level_moves_the_forecast_as_much(network: torch.nn.Module, windows: tuple[Tensor, Tensor]) -> None:
    past = windows[0][:4]
    level = torch.tensor([0.5, -2.0, 1.0]).view(1, 3, 1)
    torch.testing.assert_close(
        network(past + level)["forecast"], network(past)["forecast"] + level, rtol=0, atol=1e-3
    )


def test_a_series_sees_the_others(network: torch.nn.Module, windows: tuple[Tensor, Tensor]) -> None:
    past = windows[0][:4]
    changed = past.clone()
    changed[:, 1] = changed[:, 1].flip(-1)
    apart = (network(changed)["forecast"] - network(past)["forecast"])[:, 0].abs().max()
    assert apart > 1e-3


def test_samples_have_no_gaps_and_every_hour_of_the_day(series: ModuleType) -> None:
    data = series.held_out()
    assert data["values"].shape[0] == len(series.NAMES)
    drawn = list(series.samples())
    assert len(drawn) >= SAMPLES
    for inputs, following in drawn:
        assert inputs.keys() == series.dynamic.keys()
        assert (inputs["past"].shape, following.shape) == ((1, 3, 336), (1, 3, 24))
        assert (inputs["past"].dtype, following.dtype) == (torch.float32, torch.float32)
        assert not inputs["past"].isnan().any()
    assert series.STRIDE % 2 == 1  # no divisor of 24: a window begins at every hour
    assert series.STRIDE % 3 != 0


def test_a_window_with_a_gap_is_left_out(series: ModuleType) -> None:
    hours = torch.zeros(3, 3 * 360)
    hours[1, 400] = torch.nan
    starts = list(series.windows(hours, 360))
    assert len(starts) == 2


def test_the_metric_is_the_error_with_its_sign_turned(series: ModuleType) -> None:
    forecast = torch.zeros(1, 3, 24)
    assert series.metric({"forecast": forecast}, forecast + 0.5) == pytest.approx(-0.5)


def test_pretty_tells_the_day_in_the_series_own_units(series: ModuleType) -> None:
    data = series.held_out()
    day = (torch.tensor([[400.0], [3.0], [90.0]]) - data["mean"]) / data["std"]
    said = series.pretty({"forecast": day[None].expand(1, 3, 24)})
    assert said == "vehicles an hour 400 to 400, temperature in °C 3 to 3, clouds in % 90 to 90"
