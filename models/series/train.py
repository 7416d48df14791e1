"""Train the forecaster on hourly traffic and weather: `python models/series/train.py`."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from importlib.metadata import distribution
from math import nan
from statistics import fmean

import baselines
import torch
from model import HERE, windows
from patches import Config, SeriesTransformer
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import l1_loss

SEED = 0
COLUMNS = ("traffic_volume", "temp", "clouds_all")
FREEZING = 273.15  # K
TRAINED = 0.8  # of the hours; the rest, later in time, is held out
STEPS = 800
BATCH = 64
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
REPORT = 100  # steps


def read() -> Tensor:
    """Return the package's hours in order, float32 (3, hours): vehicles, °C, %; NaN where nobody measured."""
    archive = distribution("autots").locate_file("autots/datasets/data/traffic_hourly.zip")
    with zipfile.ZipFile(str(archive)) as package:
        text = package.read(package.namelist()[0]).decode()
    rows = [[float(row[name] or nan) for name in COLUMNS] for row in csv.DictReader(io.StringIO(text))]
    values = torch.tensor(rows).T.contiguous()  # (3, hours)
    values[1] -= FREEZING
    return values


def train(network: nn.Module, past: Tensor, following: Tensor) -> None:
    """Fit `network` to windows, `past` (N, 3, 336) and `following` (N, 3, 24), in place."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=STEPS)
    for step in range(1, STEPS + 1):
        batch = torch.randint(0, len(past), (BATCH,))
        with torch.autocast("cpu", torch.bfloat16):  # half the time
            forecast = network(past[batch])["forecast"]
        loss = l1_loss(forecast.float(), following[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{STEPS}: loss {loss.item():.3f}", flush=True)


def stacked(scaled: Tensor) -> tuple[Tensor, Tensor]:
    """Return all windows of `scaled` (3, hours): the pasts (N, 3, 336), the days after them (N, 3, 24)."""
    past, following = zip(*windows(scaled, stride=1), strict=True)
    return torch.cat(past), torch.cat(following)


@torch.inference_mode()
def forecasts(network: nn.Module, past: Tensor) -> Tensor:
    """Return the forecasts for `past` (N, 3, 336), (N, 3, 24)."""
    return torch.cat([network(part)["forecast"] for part in past.split(256)])


def errors(forecast: Tensor, following: Tensor) -> dict[str, list[float]]:
    """Return the mean absolute and the mean squared error of each series, in standard units."""
    gap = forecast - following  # (N, 3, 24)
    return {"mae": gap.abs().mean(dim=(0, 2)).tolist(), "mse": gap.square().mean(dim=(0, 2)).tolist()}


def main() -> None:
    """Train, print and write the errors of the network and of what it must beat, write weights and hours."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    started = time.process_time()
    values = read()
    trained, unseen = values.tensor_split([int(TRAINED * values.size(1))], dim=1)
    known = trained[:, ~trained.isnan().any(dim=0)]
    mean, std = known.mean(dim=1, keepdim=True), known.std(dim=1, keepdim=True)
    past, following = stacked((trained - mean) / std)
    network = SeriesTransformer(Config())
    train(network, past, following)
    asked, answer = stacked((unseen - mean) / std)
    scores = {
        "seasonal naive, a day": errors(baselines.naive(asked, 24), answer),
        "seasonal naive, a week": errors(baselines.naive(asked, 168), answer),
        "linear": errors(baselines.linear(past, following)(asked), answer),
        "transformer": errors(forecasts(network.eval(), asked), answer),
    }
    for name, score in scores.items():
        means = ", ".join(f"{kind} {fmean(each):.4f}" for kind, each in score.items())
        print(f"{name}: {means}")
    print(f"{time.process_time() - started:.0f} s of one core")
    (HERE / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    save_file(network.state_dict(), HERE / "weights.safetensors")
    save_file({"values": unseen.contiguous(), "mean": mean, "std": std}, HERE / "held_out.safetensors")


if __name__ == "__main__":
    main()
