"""Train the keyword transformer on words that espeak-ng speaks: `python models/keywords/train.py`."""

from __future__ import annotations

import time

import torch
from clips import spoken, stretched
from model import HERE, Config, KeywordTransformer, clips, metric
from noise import TEST_SNR, TRAINING_SNR, noisy, placed
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from voices import variants

SEED = 0
TRAIN, VALIDATION, TEST = 6000, 1000, 1200  # clips
STEPS = 3000
BATCH = 64
RATES = (0.8, 1.3)  # at which voices are played: higher where it is faster
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.1
REPORT = 100  # steps


def encoded(audio: Tensor) -> Tensor:
    """Return `audio`, from -1 to 1, as 8-bit mu-law codes (ITU-T G.711), uint8 in the shape given."""
    bent = audio.sign() * torch.log1p(255 * audio.abs()) / torch.log(torch.tensor(256.0))
    return ((bent + 1) * 127.5).round().byte()


def train(network: nn.Module, audio: Tensor, labels: Tensor, draw: torch.Generator) -> None:
    """Fit `network` to clips (N, 8000), each time in another noise, and labels (N,), in place."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=STEPS)
    for step in range(1, STEPS + 1):
        batch = torch.randint(0, len(audio), (BATCH,), generator=draw)
        heard = noisy(stretched(audio[batch], RATES, draw), TRAINING_SNR, draw)
        with torch.autocast("cpu", torch.bfloat16):  # half the time
            logits = network(heard)["logits"]
        loss = cross_entropy(logits.float(), labels[batch], label_smoothing=LABEL_SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % REPORT == 0:
            print(f"step {step}/{STEPS}: loss {loss.item():.3f}", flush=True)


@torch.inference_mode()
def accuracy(network: nn.Module, audio: Tensor, labels: Tensor) -> float:
    """Return the share of clips, (N, 8000), that `network` hears as their `labels` (N,)."""
    logits = torch.cat([network(part)["logits"] for part in audio.split(128)])
    return metric({"logits": logits}, labels)


def keep(words: list[Tensor], starts: Tensor, labels: Tensor) -> None:
    """Write words, each (samples,), their places (N,) and labels (N,), for `samples` to take them."""
    codes = [encoded(word / word.abs().max()) if len(word) else word.byte() for word in words]
    lengths = torch.tensor([len(word) for word in words], dtype=torch.int16)
    kept = {"audio": torch.cat(codes), "lengths": lengths, "starts": starts.short(), "labels": labels.byte()}
    save_file(kept, HERE / "words.safetensors")


def main() -> None:
    """Train, print the accuracy on voices never heard, write the weights and the words of the test."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    draw = torch.Generator().manual_seed(SEED)
    started = time.process_time()
    voices = variants()
    words, starts, labels = spoken(TRAIN, voices.train, SEED)
    network = KeywordTransformer(Config())
    train(network, placed(words, starts), labels, draw)
    network.eval()
    words, starts, labels = spoken(VALIDATION, voices.validation, SEED + 1)
    audio = noisy(placed(words, starts), TEST_SNR, torch.Generator().manual_seed(SEED))
    print(f"validation: accuracy {accuracy(network, audio, labels):.2%}", flush=True)
    keep(*spoken(TEST, voices.test, SEED + 2))
    print(f"test: accuracy {accuracy(network, *clips()):.2%}", end=", ")
    print(f"after {time.process_time() - started:.0f} s of one core")
    save_file(network.state_dict(), HERE / "weights.safetensors")


if __name__ == "__main__":
    main()
