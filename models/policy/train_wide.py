"""Train the Decision Transformer of twice the heads and neurons: `python models/policy/train_wide.py`."""

from __future__ import annotations

from model import HERE
from safetensors.torch import save_file
from train import lessons, seeded, trained
from wide import WIDE


def main() -> None:
    """Train, and write the weights in float16."""
    draw = seeded()
    weights = trained(WIDE, lessons(draw).learned, draw).state_dict()
    save_file({name: weight.half() for name, weight in weights.items()}, HERE / "wide.safetensors")


if __name__ == "__main__":
    main()
