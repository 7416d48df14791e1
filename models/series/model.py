"""A transformer over patches that forecasts a day of three hourly series: traffic, temperature, clouds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from patches import Config, SeriesTransformer
from safetensors.torch import load_file
from torch import Tensor, nn

HERE = Path(__file__).parent
NAMES = ("vehicles an hour", "temperature in °C", "clouds in %")
STRIDE = 13  # hours between samples: every hour of the day, and few hours shared


def held_out() -> dict[str, Tensor]:
    """Return the last fifth, `values` (3, hours), and `mean` and `std`, (3, 1), of the hours before it."""
    return load_file(HERE / "held_out.safetensors")


dynamic = {"past": ("batch", None, None)}
budget = {"r2": 0.98, "metric_drop": 0.005}
card = {
    "description": "Forecasts a day of three hourly series: traffic, temperature, clouds.",
    "license": "apache-2.0",
}
processing = {
    # An hour that nobody measured holds the value before it; samples() leaves such weeks out.
    "series": {
        "input": "past",
        "output": "forecast",
        "names": NAMES,
        "mean": held_out()["mean"].flatten().tolist(),
        "std": held_out()["std"].flatten().tolist(),
        "missing": "hold",
    }
}


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = SeriesTransformer(Config())
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def windows(scaled: Tensor, stride: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield from `scaled` (3, hours) the past, (1, 3, 336), and the day after it, (1, 3, 24)."""
    past, whole = Config.past, Config.past + Config.horizon
    for start in range(0, scaled.size(1) - whole + 1, stride):
        window = scaled[None, :, start : start + whole]
        if not window.isnan().any():  # hours that nobody measured
            yield window[..., :past], window[..., past:]


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield held-out windows in standard units: `past`, float32 (1, 3, 336), the day after, (1, 3, 24)."""
    data = held_out()
    for past, following in windows((data["values"] - data["mean"]) / data["std"], STRIDE):
        yield {"past": past}, following


def raw() -> Iterator[dict[str, Tensor]]:
    """Yield the same weeks in their own units: `series`, float32 (3, 336)."""
    for past, _ in windows(held_out()["values"], STRIDE):
        yield {"series": past[0]}


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the mean absolute error in standard deviations, negative so that higher is better."""
    return -(outputs["forecast"] - target).abs().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Say what the day will bring, such as "vehicles an hour 310 to 5904, temperature in °C 3 to 11, ..."."""
    data = held_out()
    forecast = outputs["forecast"][0] * data["std"] + data["mean"]  # (3, 24)
    return ", ".join(
        f"{name} {day.min():.0f} to {day.max():.0f}" for name, day in zip(NAMES, forecast, strict=True)
    )
