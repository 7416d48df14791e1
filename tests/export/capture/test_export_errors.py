from __future__ import annotations

import re
from itertools import pairwise

import pytest
import torch
from draws import drawn_seed
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.capture.export_errors import explanation, run_failure
from edgeattn_export.graph.scopes import module_of
from edgeattn_runtime.engine.graph_session import failure
from edgeattn_runtime.errors import CaptureError


class Spectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.eigvalsh(x @ x.mT)


class Branch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x
        return -x


class Noise(nn.Module):
    """Noise that is the same on each call, here; in a graph it would not be."""

    def forward(self, x: Tensor) -> Tensor:
        torch.manual_seed(drawn_seed(0))
        return x + torch.randn_like(x)


class Around(nn.Module):
    """A model that has a part somewhere inside."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), part)])

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks[0](x)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (
            Spectrum,
            r"module 'blocks\.0\.1' \(Spectrum\) .*aten\._linalg_eigh .*test_export_errors\.py, line \d+, "
            r"in forward \(return torch\.linalg\.eigvalsh\(x @ x\.mT\)\).* opset 23 .*",
        ),
        (
            Branch,
            r"forward .*test_export_errors\.py, line \d+, in forward \(if x\.sum\(\) > 0:\).*torch\.where.*",
        ),
        (Noise, r"module 'blocks\.0\.1' .*\(RandomNormalLike\).*"),
    ],
)
def test_the_module_line_or_operator_is_named(
    part: type[nn.Module], named: str, exported: Export, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CaptureError) as caught:
        exported(Around(part()), [{"x": torch.ones(1, length, 4)} for length in (5, 3, 4)])
    assert re.fullmatch(named, str(caught.value))
    assert capfd.readouterr().err == ""  # the one line is all


def _chained(*errors: Exception) -> Exception:
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def test_the_root_cause_is_told_in_one_line() -> None:
    error = _chained(
        RuntimeError("step 2 failed"), ValueError("no such\n   axis\n\nTo debug, set TORCH_LOGS")
    )
    assert explanation(error, None).endswith(": no such axis")


def test_the_last_line_of_the_owner_is_told_without_its_folder() -> None:
    trace = 'File "/home/me/model.py", line 3, in <lambda>\n    x.item()\n'
    error = _chained(RuntimeError(f"stopped\n\n{trace}"), ValueError("no value"))
    assert explanation(error, None).endswith(" at model.py, line 3, in <lambda> (x.item()): no value")


def test_an_error_without_words_is_told_by_its_kind() -> None:
    assert explanation(NotImplementedError(), None).endswith(": NotImplementedError")


def test_an_error_that_tells_no_line_is_placed_by_its_traceback() -> None:
    def forward() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        forward()
    line = r'at test_export_errors\.py, line \d+, in forward \(raise ValueError\("no"\)\)'
    assert re.search(f"{line}: no$", explanation(caught.value, None))


def test_a_graph_that_fails_names_the_module(encoder: Captured) -> None:
    node = next(node for node in encoder.model.graph if module_of(node) == "query")
    reason = RuntimeError(f"Non-zero status code returned while running. Name:'{node.name}' Status: no")
    error = failure("onnxruntime", reason, {})
    message = run_failure(error, encoder.model, {"tokens": (1, 5)})
    assert message.startswith("module 'query': ")
    assert f"{node.op_type} fails on inputs {{'tokens': (1, 5)}}" in message
