"""A Decision Transformer that balances CartPole and swings Acrobot up, by its last eight steps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from decision_transformer import Config, DecisionTransformer
from picture import drawing
from safetensors.torch import load_file
from torch import Tensor, nn

HERE = Path(__file__).parent
ACTIONS = (
    "CartPole: push left",
    "CartPole: push right",
    "Acrobot: turn one way",
    "Acrobot: let swing",
    "Acrobot: turn the other way",
)

dynamic = {
    "before": ("batch", "steps"),
    "wanted": ("batch", "steps"),
    "observation": ("batch", "steps", None),
}
budget = {"r2": 0.98, "metric_drop": 0.01}  # of one call; what counts is the return of a game
card = {
    "description": "Balances CartPole and swings Acrobot up, by its last eight steps.",
    "license": "apache-2.0",
}
processing = {"labels": {"output": "logits", "names": ACTIONS}}


def model() -> nn.Module:
    """Return the trained network, in eval mode."""
    network = DecisionTransformer(Config())
    network.load_state_dict(load_file(HERE / "weights.safetensors"))
    return network.eval()


def samples() -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Yield windows of 1 to 8 steps of the teachers' play, of episodes that training never saw.

    Each is `before` int64 (1, T), `wanted` float32 (1, T), `observation` float32 (1, T, 10), with the actions
    that the teacher took, int64 (1, T).
    """
    windows = load_file(HERE / "windows.safetensors")
    names = ("before", "wanted", "observation", "action")
    for length, *rows in zip(windows["length"].tolist(), *(windows[name] for name in names), strict=True):
        before, wanted, observation, action = (row[None, :length] for row in rows)
        yield {"before": before.long(), "wanted": wanted, "observation": observation}, action.long()


def metric(outputs: dict[str, Tensor], target: Tensor) -> float:
    """Return the share of steps whose likeliest action is the teacher's."""
    return (outputs["logits"].argmax(dim=-1) == target).float().mean().item()


def pretty(outputs: dict[str, Tensor]) -> str:
    """Say what to do now and how surely, such as "CartPole: push left (98 %)"."""
    certainty, action = torch.softmax(outputs["logits"][0, -1], dim=-1).max(dim=-1)
    return f"{ACTIONS[action.item()]} ({certainty.item():.0%})".replace("%", " %")


def picture(inputs: dict[str, Tensor], outputs: dict[str, Tensor]) -> str:
    """Show the last steps as an SVG that moves, over what to do now."""
    return drawing(inputs["observation"][0], pretty(outputs))
