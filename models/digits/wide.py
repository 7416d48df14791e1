"""The digit transformer with twice the heads and twice the neurons: more of both than its task needs."""

from __future__ import annotations

from model import HERE, Config, DigitTransformer, metric, pretty, processing, raw, samples
from safetensors.torch import load_file
from torch import nn

__all__ = ["budget", "card", "dynamic", "metric", "model", "pretty", "processing", "raw", "samples"]

WIDE = Config(heads=8, hidden=1024)

dynamic = {"image": ("batch",)}
budget = {"cosine": 0.99, "metric_drop": 0.05}
card = {
    "description": "Reads handwritten digits of 8x8 pixels, with heads to spare.",
    "license": "apache-2.0",
}


def model() -> nn.Module:
    """Return the trained network, in eval mode; its weights are stored in float16."""
    network = DigitTransformer(WIDE)
    stored = load_file(HERE / "wide.safetensors")
    network.load_state_dict({name: weight.float() for name, weight in stored.items()})
    return network.eval()
