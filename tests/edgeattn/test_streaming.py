"""An encoder that only looks back, from module to bundle, and hop by hop on the device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import edgeattn
import edgeattn_runtime
from edgeattn_runtime.bundle.deviation import cosine

HOP, WINDOW, WIDTH = 4, 8, 32


class Listener(nn.Module):
    """A causal convolution, then attention to the last frames."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = nn.Conv1d(1, WIDTH, 4, stride=2)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, sound: Tensor) -> Tensor:
        """Answer each two samples of a sound (B, S)."""
        x = self.frames(nn.functional.pad(sound, (2, 0)).unsqueeze(1)).transpose(1, 2)
        place = torch.arange(x.size(1))
        back = place.unsqueeze(1) - place
        mixed, _ = self.attention(x, x, x, attn_mask=(back < 0) | (back >= WINDOW), need_weights=False)
        answer: Tensor = self.head(x + mixed)
        return answer


@pytest.fixture(scope="module")
def bundle() -> edgeattn.Bundle:
    """It, exported."""
    torch.manual_seed(0)
    samples = [{"sound": torch.randn(1, 40 + HOP * (i % 3))} for i in range(12)]
    return edgeattn.export(
        Listener().eval(),
        samples,
        dynamic={"sound": ("batch", "samples")},
        streaming={"input": "sound", "hop": HOP},
        budget={"cosine": 0.9},
        name="listener",
    )


def test_a_bundle_streams_as_its_report_says(bundle: edgeattn.Bundle) -> None:
    streaming, report = bundle.manifest.streaming, bundle.report
    assert (streaming.step, streaming.input, streaming.axis, streaming.hop) == ("step", "sound", 1, HOP)
    (case,) = (case for case in report.edge_cases if case.name.startswith("hop by hop"))
    assert case.ok
    assert any(note.startswith(f"Streams in hops of {HOP} of 'sound', and keeps ") for note in report.notes)
    modules = [layer.module for layer in report.layers]
    assert sorted(modules) == ["attention", "attention", "frames", "head"]  # a step's are no others


def test_a_device_answers_hop_by_hop_what_the_whole_says(bundle: edgeattn.Bundle, tmp_path: Path) -> None:
    net = edgeattn_runtime.load(bundle.save(tmp_path / "listener.edge"))
    sound = np.random.default_rng(0).standard_normal((1, 20 * HOP)).astype(np.float32)
    whole = net(sound=sound)["output"]
    moments = edgeattn_runtime.StepStream(net).push(sound[0])
    streamed = np.concatenate([moment.outputs["output"] for moment in moments], axis=1)
    assert streamed.shape == whole.shape
    assert cosine(whole.ravel().astype(float), streamed.ravel().astype(float)) > 0.99
