"""A module that takes one dict and returns it with more inside, from the user's file to an app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import edgeattn_runtime
from edgeattn.__main__ import main
from edgeattn.results.bundle import read_report

MODEL = """
import torch
from torch import nn

WIDTH = 16


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, WIDTH)
        self.qkv, self.head = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, 2)

    def forward(self, features):
        x = self.embed(features["tokens"])
        q, k, v = (y.unflatten(-1, (2, -1)).transpose(1, 2) for y in self.qkv(x).chunk(3, -1))
        seen = features["mask"].bool()[:, None, None]
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).flatten(2)
        features["layers"] = [x + mixed, {"scores": self.head(x + mixed), "loss": None}]
        return features


torch.manual_seed(0)
model = Encoder().eval()


def samples():
    for length in 7 * (3, 7, 5, 9, 4, 8):  # enough for a verdict
        tokens = torch.arange(length)[None] * 7 % 30
        yield {"tokens": tokens, "mask": torch.ones_like(tokens), "kind": "text"}, "text"


def metric(outputs, target):
    states, head = outputs["layers"]
    assert outputs["kind"] == target and head["loss"] is None
    return float((outputs["mask"].sum() == states.size(1)) & (outputs["tokens"][0, 1] == 7))


def pretty(outputs):
    return f"{len(outputs['layers'])} layers of {outputs['mask'].sum()} tokens"
"""

LEFT_OUT = ("tokens", "mask", "kind ('text')", "layers.1.loss (None)")


def test_it_is_exported_with_what_is_inside(tmp_path: Path, ran: Callable[..., str]) -> None:
    model, folder = tmp_path / "model.py", tmp_path / "nested.edge"
    model.write_text(MODEL)
    shown = " ".join(ran("export", model, "-o", folder).split())
    assert shown.count("2 layers of") == 2  # once by either
    assert main(["validate", str(folder), str(model)]) == 0
    inspected = " ".join(ran("inspect", folder).split())
    assert all(name in text for text in (shown, inspected) for name in LEFT_OUT)
    net = edgeattn_runtime.load(folder)
    report = read_report(net.files)
    assert (report.accuracy.metric_pytorch, report.accuracy.metric_int8) == (1, 1)
    assert all(any(name in note for note in report.notes) for name in LEFT_OUT)
    tokens = np.array([[5, 2, 9]])
    found = net(tokens=tokens, mask=np.ones_like(tokens))
    assert {name: array.shape for name, array in found.items()} == {
        "layers.0": (1, 3, 16),
        "layers.1.scores": (1, 3, 2),
    }
