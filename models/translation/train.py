"""Train the Transformer on pairs drawn as it goes: `python models/translation/train.py`."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from statistics import fmean

import torch
from model import HERE, Pair, decode_text, encode_answer, encode_text, greedy, held_out, untrained
from pairs import LANGUAGES, date_pair, number_pair
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence
from transformer import PAD, Transformer

SEED = 1  # another than that of the held-out pairs
STEPS = 12000
BATCH = 64
BUCKET = 32  # batches cut of one sorted draw: alike in length, so that little is padding
LEARNING_RATE = 1e-3
WARMUP = 0.1  # of the steps: post-norm needs it
BETAS = (0.9, 0.98)
LABEL_SMOOTHING = 0.1
REPORT = 500  # steps whose mean loss makes a line


def padded(texts: list[Tensor]) -> Tensor:
    """Stack texts, each (1, S), with PAD after the shorter ones, (B, S)."""
    return pad_sequence([text[0] for text in texts], batch_first=True, padding_value=PAD)


def drawn(draw: random.Random, unseen: set[str]) -> Iterator[Pair]:
    """Yield dates and numbers in every language, none of them `unseen`, without end."""
    while True:
        make = draw.choice((date_pair, number_pair))
        pair = make(draw.choice(LANGUAGES), draw)
        if pair.target not in unseen:
            yield pair


def batches(draw: random.Random, unseen: set[str]) -> Iterator[list[Pair]]:
    """Yield BATCH pairs, alike in length, none of them `unseen`, without end."""
    pairs = drawn(draw, unseen)
    while True:
        bucket = sorted((next(pairs) for _ in range(BATCH * BUCKET)), key=lambda pair: len(pair.source))
        for start in draw.sample(range(0, len(bucket), BATCH), BUCKET):
            yield bucket[start : start + BATCH]


def train(network: Transformer, examples: Iterator[list[Pair]]) -> None:
    """Fit `network` to STEPS batches, in place."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=LEARNING_RATE, total_steps=STEPS, pct_start=WARMUP, cycle_momentum=False
    )
    losses: deque[float] = deque(maxlen=REPORT)
    for step in range(1, STEPS + 1):
        pairs = next(examples)
        source = padded([encode_text(pair.source) for pair in pairs])  # (B, S)
        answer = padded([encode_answer(pair.target) for pair in pairs])  # (B, T + 1)
        scores = network(source, answer[:, :-1])["logits"].flatten(0, 1)  # (B * T, V)
        following = answer[:, 1:].flatten()  # (B * T,)
        loss = cross_entropy(scores, following, ignore_index=PAD, label_smoothing=LABEL_SMOOTHING)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{STEPS}: loss {fmean(losses):.3f}", flush=True)


def exact(network: Transformer, pairs: list[Pair]) -> list[bool]:
    """Return, pair by pair, whether the greedy answer is the target, each character of it."""
    answers = greedy(network, padded([encode_text(pair.source) for pair in pairs]))  # (B, T)
    return [decode_text(answer) == pair.target for answer, pair in zip(answers, pairs, strict=True)]


def main() -> None:
    """Train, print the exact match on the held-out pairs, by language and in total, and write the weights."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    started = time.process_time()
    pairs = held_out()
    network = untrained()
    train(network, batches(random.Random(SEED), {pair.target for pair in pairs}))
    right = exact(network.eval(), pairs)
    asked = Counter(pair.language for pair in pairs)
    reached = Counter(pair.language for pair, hit in zip(pairs, right, strict=True) if hit)
    for language, number in sorted(asked.items()):
        print(f"{language}: {reached[language]} of {number}")
    print(f"exact match {sum(right) / len(right):.2%} after {time.process_time() - started:.0f} s of CPU")
    save_file(network.state_dict(), HERE / "weights.safetensors")


if __name__ == "__main__":
    main()
