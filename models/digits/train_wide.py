"""Train the digit transformer of twice the heads and neurons: `python models/digits/train_wide.py`."""

from __future__ import annotations

from model import HERE
from safetensors.torch import save_file
from train import trained
from wide import WIDE


def main() -> None:
    """Train, and write the weights in float16."""
    weights = trained(WIDE).state_dict()
    save_file({name: weight.half() for name, weight in weights.items()}, HERE / "wide.safetensors")


if __name__ == "__main__":
    main()
