"""The table of models/README.md: every shipped model, exported as a user does, and used as an app does.

    python tests/bench/bench_models.py [MODEL ...]

For each model it prints the metric of PyTorch and of int8 over the evaluation samples, the worst cosine of
the float export, the sizes of both exports, and how many times as long each other runner takes as int8, by
the processor time of one thread, which other processes do not add to. Of those that act step by step it also
prints what they reach in use: the mean return of policy over a hundred episodes of each game, which passes
where it is PyTorch's within two standard errors and 95 % of the best, and the character error of dictation,
greedily and with beams. Keywords and series are also run as they are used, by a window that moves: how many
calls a second one core makes, and which share of it the calls take as the samples come.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from processor_times import processor_times

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

from model_file import load

import edgeattn_runtime
from edgeattn.commands import demo
from edgeattn.results.latency import FLOAT, INT8, PYTORCH

SEEDS = range(10_000, 10_100)  # of policy's episodes: those that train.py judges by
SCORE = 0.95  # of what the best policies reach
BEAMS = 4  # of dictation
HOURS = 336 + 1000  # of series: those of the first window, and as many calls behind it
COLUMNS = (
    "model",
    "verdict",
    "metric: PyTorch",
    "int8",
    "cosine: float, worst",
    "int8, mean",
    "MB: float",
    "int8",
    "time: PyTorch / int8",
    "float / int8",
)


def main(arguments: list[str] | None = None) -> None:
    """Print a row a model, as they come, then what is reached in use."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description="Print the table of the reference models.")
    parser.add_argument("models", nargs="*", default=demo.shipped_models(), help="default: all")
    names = parser.parse_args(arguments).models
    print(row(COLUMNS), row(["---"] * len(COLUMNS)), sep="\n")
    used = []
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            bundle = Path(place) / f"{name}.edge"
            report = export(name, bundle)
            print(row([name, *cells(report), *ratios(name, bundle)]), flush=True)
            if name in USES:
                used += [f"{name}: {line}" for line in USES[name](bundle)]
    if used:
        print(*used, sep="\n")


def row(cells: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """Return a row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def export(name: str, bundle: Path) -> Mapping[str, Any]:
    """Export a shipped model by the command that a user types; return its report."""
    command = ["-m", "edgeattn", "export", str(demo.locate(name)), "-o", str(bundle), "--json"]
    printed = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, check=False).stdout
    if not printed:
        sys.exit(f"bench_models: {name} was not exported; the line above says why")
    report: Mapping[str, Any] = json.loads(printed)
    return report


def cells(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a row of the table, behind the model's name."""
    accuracy, size = report["accuracy"], report["size_mb"]
    yield report["verdict"]
    for runner in ("pytorch", "int8"):
        value = accuracy[f"metric_{runner}"]
        yield "" if value is None else f"{value:.4f}"
    yield f"{accuracy['cosine_float_min']:.6f}"
    yield f"{accuracy['cosine_mean']:.4f}"
    yield f"{size['float']:.2f}"
    yield f"{size['int8']:.2f} ({size['int8'] / size['float']:.2f})"


def ratios(name: str, bundle: Path) -> Iterator[str]:
    """Yield how many times as long PyTorch and the float export take as int8."""
    times = processor_times(demo.locate(name), bundle)
    for runner in (PYTORCH, FLOAT):
        yield f"{times[runner] / times[INT8]:.2f}"


def played(bundle: Path) -> Iterator[str]:
    """Yield the mean returns of policy: PyTorch's, as train.py kept them, and those of int8."""
    play, net = load("policy", "play"), edgeattn_runtime.load(bundle)
    kept = json.loads(demo.locate("policy").with_name("scores.json").read_text(encoding="utf-8"))
    for game in play.GAMES:
        reached = play.returns(lambda inputs: net(**inputs)["logits"], game, SEEDS)
        means = {"PyTorch": kept[game.name]["transformer"], "int8": np.mean(reached)}
        noise = np.std(reached, ddof=1) / np.sqrt(len(reached))  # the standard error of the mean
        as_good = means["int8"] >= means["PyTorch"] - 2 * noise and game.score(means["int8"]) >= SCORE
        shown = ", ".join(f"{name} {mean:.1f}, score {game.score(mean):.3f}" for name, mean in means.items())
        yield (
            f"{game.name}, mean return of {len(SEEDS)} episodes: {shown}, standard error {noise:.1f}: "
            f"{'pass' if as_good else 'fail'}"
        )


def spelled(bundle: Path) -> Iterator[str]:
    """Yield the character error of dictation, by PyTorch and by int8, on the same recordings."""
    model, errors = load("dictation", "model"), load("dictation", "errors")
    network, net = model.model(), edgeattn_runtime.load(bundle)
    settings = {"start": (model.START,), "stop": (model.END,), "max_new_tokens": model.LONGEST}
    right, said = [], {"PyTorch": [], "int8": [], f"int8 with {BEAMS} beams": []}
    for audio, phrase in model.recordings():
        sound = model.features(audio)
        sources = {"sound": sound.numpy()}
        greedily = list(edgeattn_runtime.generate(net, sources, **settings))
        ((best,),) = edgeattn_runtime.generate_many(net, [sources], num_beams=BEAMS, **settings)
        answers = (model.greedy(network, sound)[0], torch.tensor(greedily), torch.tensor(best.tokens))
        for name, answer in zip(said, answers, strict=True):
            said[name].append(model.decode_text(answer))
        right.append(phrase)
    shown = ", ".join(f"{name} {errors.character_error(each, right):.2%}" for name, each in said.items())
    yield f"{len(right)} phrases, character error: {shown}"


def listened(bundle: Path) -> Iterator[str]:
    """Yield what it costs to listen without end, a call each 0.2 s, and which words are heard."""
    model, recording, net = load("keywords", "model"), load("keywords", "recording"), load_bundle(bundle)
    audio, places = recording.recorded()
    moments, milliseconds = moved(net, audio[np.newaxis], recording.HOP)
    found = recording.heard([(moment.end, moment.outputs["logits"][0]) for moment in moments])
    right, wrong = recording.matched(found, places)
    yield told_stream(len(moments), milliseconds, recording.HOP / model.RATE, "0.2 s")
    yield f"{right} of {len(places)} words heard in {len(audio) / model.RATE:.0f} s of sound, {wrong} wrongly"


def forecast_hourly(bundle: Path) -> Iterator[str]:
    """Yield what it costs to forecast anew each hour."""
    values = load("series", "model").held_out()["values"].numpy()[:, :HOURS]
    moments, milliseconds = moved(load_bundle(bundle), values, 1)
    yield told_stream(len(moments), milliseconds, 3600, "hour")


def moved(
    net: edgeattn_runtime.Model, values: NDArray[np.generic], hop: int
) -> tuple[list[edgeattn_runtime.Moment], float]:
    """Return the answers of a window that moves over (rows, time), and processor milliseconds a call."""
    stream = edgeattn_runtime.Stream(net, hop=hop)
    begun = time.process_time()
    moments = [
        moment
        for start in range(0, values.shape[1], hop)
        for moment in stream.push(values[:, start : start + hop])
    ]
    return moments, 1e3 * (time.process_time() - begun) / len(moments)


def told_stream(calls: int, milliseconds: float, seconds: float, each: str) -> str:
    """Say what a window that moves costs: its preparation is counted in."""
    share = milliseconds / 1e3 / seconds
    return f"a call each {each}: {1e3 / milliseconds:.0f} a second, {share:.2g} of a core ({calls} calls)"


def load_bundle(bundle: Path) -> edgeattn_runtime.Model:
    """Open a bundle, one thread."""
    return edgeattn_runtime.load(bundle, threads=1)


USES: Mapping[str, Callable[[Path], Iterator[str]]] = {
    "policy": played,
    "dictation": spelled,
    "keywords": listened,
    "series": forecast_hourly,
}


if __name__ == "__main__":
    main()
