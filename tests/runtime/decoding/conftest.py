"""What decoders are asked, step by step."""

from __future__ import annotations

import pytest

from edgeattn_runtime.decoding.prompt import Tokens
from edgeattn_runtime.decoding.stepper import Logits, Stepper


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The tokens of every step, as they are made."""
    calls: list[list[int]] = []
    step = Stepper.__call__

    def watched(self: Stepper, tokens: Tokens) -> Logits:
        calls.append(tokens[0].tolist())
        return step(self, tokens)

    monkeypatch.setattr(Stepper, "__call__", watched)
    return calls
