"""The Decision Transformer with twice the heads and twice the neurons: more of both than its task needs."""

from __future__ import annotations

from decision_transformer import Config, DecisionTransformer
from model import HERE, budget, dynamic, metric, picture, pretty, processing, samples
from safetensors.torch import load_file
from torch import nn

__all__ = ["budget", "card", "dynamic", "metric", "model", "picture", "pretty", "processing", "samples"]

WIDE = Config(heads=8, hidden=512)

card = {
    "description": "Balances CartPole and swings Acrobot up, with heads to spare.",
    "license": "apache-2.0",
}


def model() -> nn.Module:
    """Return the trained network, in eval mode; its weights are stored in float16."""
    network = DecisionTransformer(WIDE)
    stored = load_file(HERE / "wide.safetensors")
    network.load_state_dict({name: weight.float() for name, weight in stored.items()})
    return network.eval()
