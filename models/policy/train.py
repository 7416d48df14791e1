"""Train the Decision Transformer on what two teachers did: `python models/policy/train.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from decision_transformer import Config, DecisionTransformer
from model import HERE
from numpy.typing import NDArray
from play import GAMES, HUNDRED, MEMORY, Game, Inputs, returns
from safetensors.torch import save_file
from teachers import Record, Weights, episode, found
from torch import Tensor
from torch.nn.functional import cross_entropy

SEED = 0
ERRING = (0.0, 0.05, 0.1, 0.2, 0.4)  # shares of random actions
EACH = 40  # episodes a game and share
HELD_OUT = 4  # of the faultless ones, for samples
SAMPLES = 150  # windows of each held-out episode
JUDGED = range(10_000, 10_100)  # seeds of episodes that nothing else has
STEPS = 600
BATCH = 48
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.01
REPORT = 100  # steps
IGNORED = -100  # cross_entropy's
# Half the time where the CPU multiplies floats of 16 bits; elsewhere, emulated, thirteen times as long.
IN_16_BITS = torch.backends.cpu.get_cpu_capability() == "AVX512"


@dataclass(frozen=True)
class Lessons:
    """What the teachers did, game by game.

    Attributes:
        teachers: Their weights.
        learned: Episodes to learn from.
        unseen: Faultless ones that are held out.
    """

    teachers: Sequence[Weights]
    learned: Sequence[list[Record]]
    unseen: Sequence[list[Record]]


def window(record: Record, start: int, length: int) -> dict[str, Tensor]:
    """Return up to `length` steps of an episode from `start`, each (T, ...)."""
    part = slice(start, start + length)
    return {
        "before": torch.from_numpy(record.before[part]),
        "wanted": torch.from_numpy(record.wanted[part] / HUNDRED),
        "observation": torch.from_numpy(record.seen[part]),
        "action": torch.from_numpy(record.action[part]),
    }


def filled(row: Tensor, value: int) -> Tensor:
    """Return `row` (T, ...) with `value` behind it, up to MEMORY steps."""
    return torch.cat((row, row.new_full((MEMORY - len(row), *row.shape[1:]), value)))


def stacked(windows: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return windows as one batch; where the shorter ones are filled up, no action is asked."""
    values = dict.fromkeys(windows[0], 0) | {"action": IGNORED}
    return {
        name: torch.stack([filled(each[name], value) for each in windows]) for name, value in values.items()
    }


def starts(record: Record, number: int, draw: np.random.Generator) -> list[int]:
    """Return where `number` windows begin, any step alike; the shorter ones at the start are drawn too."""
    return draw.integers(max(1, len(record.action) - MEMORY + 1), size=number).tolist()


def train(network: DecisionTransformer, records: Sequence[list[Record]], draw: np.random.Generator) -> None:
    """Fit `network` to windows of the records, as many of each game, in place."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=STEPS)
    for step in range(1, STEPS + 1):
        chosen = [game[draw.integers(len(game))] for game in records for _ in range(BATCH // len(records))]
        batch = stacked([window(each, starts(each, 1, draw)[0], MEMORY) for each in chosen])
        asked = batch.pop("action").flatten()
        with torch.autocast("cpu", torch.bfloat16, enabled=IN_16_BITS):
            logits = network(**batch)["logits"]
        loss = cross_entropy(logits.float().flatten(0, 1), asked, ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{STEPS}: loss {loss.item():.3f}", flush=True)


def sampled(records: list[Record], draw: np.random.Generator) -> dict[str, Tensor]:
    """Return windows of 1 to MEMORY steps, filled up, with their lengths."""
    lengths, windows = [], []
    for record in records:
        for start in starts(record, SAMPLES, draw):
            windows.append(window(record, start, int(draw.integers(1, MEMORY + 1))))
            lengths.append(len(windows[-1]["action"]))
    batch = stacked(windows)
    small = {name: batch[name].byte() for name in ("before", "action")}  # what is filled up is never read
    return {**batch, **small, "length": torch.tensor(lengths, dtype=torch.uint8)}


def recorded(game: Game, weights: Weights) -> tuple[list[Record], list[Record]]:
    """Return what a teacher did, erring more and more: to learn from, and faultless episodes to hold out."""
    faultless, *erring = ([episode(game, weights, seed, share) for seed in range(EACH)] for share in ERRING)
    apart = EACH // HELD_OUT
    kept = [record for index, record in enumerate(faultless) if index % apart]
    return kept + [record for played in erring for record in played], faultless[::apart]


def spread(records: list[Record]) -> Tensor:
    """Return the root mean square of each observed number, in its own game, (10,)."""
    seen = np.concatenate([record.seen for record in records])
    return torch.from_numpy(np.sqrt(np.square(seen).sum(axis=0) / (seen != 0).sum(axis=0)))


def judged(network: DecisionTransformer, game: Game, weights: Weights) -> dict[str, float]:
    """Return the mean returns of the teacher and of the network over the same episodes."""

    @torch.inference_mode()
    def policy(inputs: Inputs) -> NDArray[np.floating]:
        logits: Tensor = network(**{name: torch.from_numpy(part) for name, part in inputs.items()})["logits"]
        return logits.numpy()

    taught = [float(episode(game, weights, seed).wanted[0]) for seed in JUDGED]
    return {"teacher": fmean(taught), "transformer": fmean(returns(policy, game, JUDGED))}


def lessons(draw: np.random.Generator) -> Lessons:
    """Find the teachers, and record them."""
    teachers = [found(game, draw) for game in GAMES]
    learned, unseen = zip(*map(recorded, GAMES, teachers), strict=True)
    return Lessons(teachers, learned, unseen)


def trained(
    config: Config, learned: Sequence[list[Record]], draw: np.random.Generator
) -> DecisionTransformer:
    """Return a network of these sizes, trained, in eval mode."""
    network = DecisionTransformer(config)
    network.spread.copy_(spread([record for records in learned for record in records]))
    train(network, learned, draw)
    return network.eval()


def seeded() -> np.random.Generator:
    """Return what is drawn from, with torch's draws and sums such that the weights can be made again."""
    torch.set_num_threads(1)  # the same sums in the same order
    torch.manual_seed(SEED)
    return np.random.default_rng(SEED)


def main() -> None:
    """Find the teachers, record them, train, print and write the mean returns, write weights and windows."""
    draw, started = seeded(), time.process_time()
    taught = lessons(draw)
    network = trained(Config(), taught.learned, draw)
    scores = {
        game.name: judged(network, game, each) for game, each in zip(GAMES, taught.teachers, strict=True)
    }
    for game in GAMES:
        print(f"{game.name}: {scores[game.name]}, score {game.score(scores[game.name]['transformer']):.3f}")
    print(f"{time.process_time() - started:.0f} s of one core")
    save_file(network.state_dict(), HERE / "weights.safetensors")
    windows = sampled([record for records in taught.unseen for record in records], draw)
    save_file(windows, HERE / "windows.safetensors")
    (HERE / "scores.json").write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
