"""Train the keyword transformer on words that espeak-ng speaks: `python models/keywords/train.py`."""

from __future__ import annotations

import time

import torch
from clips import JUDGED_SNR, SNR, noisy, spoken, stretched
from model import HERE, Config, KeywordTransformer, decoded, metric
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from voices import variants

SEED = 0
CLIPS, TESTED, SAMPLED = 6000, 1000, 240  # to train on, to judge by, and of these to keep
ROUNDS = (  # steps, the highest learning rate, and at what rates the voices are played: faster is higher
    (900, 1e-3, None),
    (900, 1e-3, (0.85, 1.15)),
    (1000, 4e-4, (0.8, 1.3)),
)
BATCH = 64
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.1
REPORT = 100  # steps

Round = tuple[int, float, tuple[float, float] | None]


def encoded(audio: Tensor) -> Tensor:
    """Return `audio`, from -1 to 1, as 8-bit mu-law codes (ITU-T G.711), uint8 in the shape given."""
    bent = audio.sign() * torch.log1p(255 * audio.abs()) / torch.log(torch.tensor(256.0))
    return ((bent + 1) * 127.5).round().byte()


def train(network: nn.Module, audio: Tensor, labels: Tensor, part: Round, draw: torch.Generator) -> None:
    """Fit `network` to clips (N, 8000), each time in another noise, and labels (N,), in place."""
    steps, learning_rate, rates = part
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=learning_rate, total_steps=steps)
    for step in range(1, steps + 1):
        batch = torch.randint(0, len(audio), (BATCH,), generator=draw)
        clips = stretched(audio[batch], rates, draw) if rates else audio[batch]
        with torch.autocast("cpu", torch.bfloat16):  # half the time
            logits = network(noisy(clips, SNR, draw))["logits"]
        loss = cross_entropy(logits.float(), labels[batch], label_smoothing=LABEL_SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{steps}: loss {loss.item():.3f}", flush=True)


@torch.inference_mode()
def accuracy(network: nn.Module, audio: Tensor, labels: Tensor) -> float:
    """Return the share of clips, (N, 8000), that `network` hears as their `labels` (N,)."""
    logits = torch.cat([network(part)["logits"] for part in audio.split(128)])
    return metric({"logits": logits}, labels)


def main() -> None:
    """Train, print the accuracy on voices never heard, write the weights and some of those voices' clips."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    draw = torch.Generator().manual_seed(SEED)
    started = time.process_time()
    heard, unheard = variants()
    print(f"{len(heard)} voices to train on; never heard: {' '.join(unheard)}", flush=True)
    audio, labels = spoken(CLIPS, heard, SEED)
    clean, answers = spoken(TESTED, unheard, SEED + 1)
    codes = encoded(noisy(clean, JUDGED_SNR, draw))
    network = KeywordTransformer(Config())
    for part in ROUNDS:
        train(network, audio, labels, part, draw)
    reached = accuracy(network.eval(), decoded(codes), answers)
    print(f"accuracy on voices never heard {reached:.2%}, {time.process_time() - started:.0f} s of one core")
    save_file(network.state_dict(), HERE / "weights.safetensors")
    kept = {"audio": codes[:SAMPLED].clone(), "labels": answers[:SAMPLED].byte()}
    save_file(kept, HERE / "clips.safetensors")


if __name__ == "__main__":
    main()
