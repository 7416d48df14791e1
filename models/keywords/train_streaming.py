"""Train the keyword transformer that listens on: `python models/keywords/train_streaming.py`."""

from __future__ import annotations

import time

import torch
from clips import played, spoken
from model import HERE, LABELS
from noise import RATE, TEST_SNR, TRAINING_SNR, between, noisy, placed
from safetensors.torch import save_file
from streaming import CLIP, NO_WORD, Config, StreamingKeywordTransformer, clips, metric, streaming
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad
from train import (
    BATCH,
    LABEL_SMOOTHING,
    LEARNING_RATE,
    RATES,
    REPORT,
    SEED,
    TRAIN,
    VALIDATION,
    WEIGHT_DECAY,
)
from voices import variants

STEPS = 1600
LATE = 2 * RATE // 5  # samples after a word's end, in which it may be told
CLIPS = 2  # one after the other, of a sequence


def spans(starts: Tensor, words: list[Tensor], rate: Tensor) -> Tensor:
    """Return where each word begins, and until when it may be told, once played at its `rate`, (N, 2)."""
    ends = starts + torch.tensor([len(word) for word in words])
    middle = RATE / 2
    begin, end = ((middle + (place - middle) / rate[:, 0]).clamp(0, RATE) for place in (starts, ends))
    return torch.stack((begin, end + LATE), dim=1)


def loss_of(logits: Tensor, spans: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of clips (N, S, 12): each word is told once in its span, and nothing outside it.

    Of a span the best token counts (max pooling, Sun et al. 2016).
    """
    end = (torch.arange(logits.size(1)) + 1) * streaming["hop"]  # of each token, in samples
    inside = (end > spans[:, :1]) & (end <= spans[:, 1:]) & (labels != NO_WORD)[:, None]  # (N, S)
    scores = (logits - logits[..., NO_WORD, None]).masked_fill(~inside[..., None], -1e4)
    spoken = labels != NO_WORD
    told = cross_entropy(scores.amax(dim=1)[spoken], labels[spoken], label_smoothing=LABEL_SMOOTHING)
    outside = logits[~inside]
    return told + cross_entropy(outside, torch.full((len(outside),), NO_WORD))


def train(network: nn.Module, words: list[Tensor], starts: Tensor, labels: Tensor) -> None:
    """Fit `network` to words, each (samples,), at their starts (N,), with labels (N,), in place."""
    draw = torch.Generator().manual_seed(SEED)
    audio = placed(words, starts)  # (N, 8000)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=STEPS)
    for step in range(1, STEPS + 1):
        batch = torch.randint(0, len(audio), (BATCH,), generator=draw)
        rate = between(*RATES, BATCH, draw)
        sound = pad(played(audio[batch], rate), (0, CLIP - RATE)).view(-1, CLIPS * CLIP)  # (B, 24000)
        sound = noisy(sound, TRAINING_SNR, draw)
        logits = network(sound)["logits"].view(BATCH, -1, len(LABELS))  # (B, 75, 12)
        span = spans(starts[batch], [words[i] for i in batch.tolist()], rate)
        loss = loss_of(logits, span, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{STEPS}: loss {loss.item():.3f}", flush=True)


@torch.inference_mode()
def accuracy(network: nn.Module, audio: Tensor, labels: Tensor) -> float:
    """Return the share of clips, (N, 12000), that `network` hears as their `labels` (N,)."""
    logits = torch.cat([network(part)["logits"] for part in audio.split(128)])
    return metric({"logits": logits}, labels)


def main() -> None:
    """Train, print the accuracy on voices never heard, and write the weights."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    started = time.process_time()
    voices = variants()
    words, starts, labels = spoken(TRAIN, voices.train, SEED)
    network = StreamingKeywordTransformer(Config())
    train(network, words, starts, labels)
    network.eval()
    words, starts, labels = spoken(VALIDATION, voices.validation, SEED + 1)
    audio = noisy(placed(words, starts, CLIP), TEST_SNR, torch.Generator().manual_seed(SEED))
    print(f"validation: accuracy {accuracy(network, audio, labels):.2%}", flush=True)
    print(f"test: accuracy {accuracy(network, *clips()):.2%}", end=", ")
    print(f"after {time.process_time() - started:.0f} s of one core")
    save_file(network.state_dict(), HERE / "streaming.safetensors")


if __name__ == "__main__":
    main()
