"""Train the digit transformer on scikit-learn's handwritten digits: `python models/digits/train.py`."""

from __future__ import annotations

import time

import torch
from model import HERE, PIXEL_MAX, Config, DigitTransformer, metric
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

SEED = 0
HELD_OUT = 360  # of 1797 images: a fifth
EPOCHS = 60
BATCH = 64
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
LABEL_SMOOTHING = 0.1


def split() -> list[Tensor]:
    """Return training images, held-out images, (N, 8, 8), and their labels, (N,), all uint8."""
    digits = load_digits()
    parts = train_test_split(
        digits.images, digits.target, test_size=HELD_OUT, stratify=digits.target, random_state=SEED
    )
    return [torch.from_numpy(part).byte() for part in parts]


def shifted(images: Tensor) -> Tensor:
    """Slide each image (B, 1, 8, 8) by up to a pixel either way: a digit stays itself."""
    padded = pad(images, (1, 1, 1, 1))  # (B, 1, 10, 10)
    corners = torch.randint(0, 3, (len(images), 2)).tolist()
    return torch.stack(
        [image[:, y : y + 8, x : x + 8] for image, (y, x) in zip(padded, corners, strict=True)]
    )  # (B, 1, 8, 8)


def train(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Fit `network` to float images (N, 1, 8, 8) and int64 labels (N,), in place."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=LEARNING_RATE, total_steps=steps)
    for epoch in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            logits = network(shifted(images[batch]))["logits"]
            loss = cross_entropy(logits, labels[batch], label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{EPOCHS}: loss {loss.item():.3f}")


@torch.no_grad()
def accuracy(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the share of `images` (N, 1, 8, 8) that `network` reads as their `labels` (N,)."""
    return metric(network(images), labels)


def trained(config: Config) -> nn.Module:
    """Return a network of these sizes, trained, and print its held-out accuracy."""
    torch.set_num_threads(1)  # the same sums in the same order: the weights can be made again
    torch.manual_seed(SEED)
    started = time.perf_counter()
    train_images, held_images, train_labels, held_labels = split()
    network = DigitTransformer(config)
    train(network, train_images[:, None].float() / PIXEL_MAX, train_labels.long())
    reached = accuracy(network.eval(), held_images[:, None].float() / PIXEL_MAX, held_labels.long())
    print(f"held-out accuracy {reached:.2%} after {time.perf_counter() - started:.0f} s")
    return network


def main() -> None:
    """Train, and write the weights and the held-out digits."""
    save_file(trained(Config()).state_dict(), HERE / "weights.safetensors")
    _, images, _, labels = split()
    save_file({"images": images, "labels": labels}, HERE / "digits.safetensors")


if __name__ == "__main__":
    main()
