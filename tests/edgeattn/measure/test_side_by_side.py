"""PyTorch's own compiler where it cannot work; where it can, tests/models/used waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch._inductor import config

from edgeattn.measure.side_by_side import compiled_runner
from edgeattn_export.capture import Captured
from edgeattn_export.graph.samples import SampleSplit
from edgeattn_runtime.errors import BadInput


@pytest.fixture(autouse=True)
def uncached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Take nothing again that was compiled before."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch.compiler.reset()
    yield
    torch.compiler.reset()


@pytest.fixture
def refusal(captured: Captured, samples: SampleSplit) -> Callable[[Path], str]:
    """What is said where a program is called as the C++ compiler."""

    def refusal(program: Path) -> str:
        with config.patch({"cpp.cxx": (str(program),)}), pytest.raises(BadInput) as raised:
            compiled_runner(captured.reference, samples.evaluation[0].inputs)
        return str(raised.value)

    return refusal


def test_without_a_compiler_it_says_what_to_install(refusal: Callable[[Path], str]) -> None:
    told = refusal(Path("no-such-compiler"))
    assert "torch.compile: not timed" in told
    assert "No working C++ compiler found" in told
    assert "Debian's g++ and python3-dev" in told
    assert "\n" not in told


def test_what_the_compiler_complains_of_is_told(refusal: Callable[[Path], str], tmp_path: Path) -> None:
    broken = tmp_path / "g++"  # finds no header of Python's
    broken.write_text(
        '#!/bin/sh\ncase "$*" in *--version*|*dumpversion*) echo 14.2.0; exit;; esac\n'
        'echo "main.cpp:1:10: fatal error: Python.h: No such file or directory" >&2; exit 1\n'
    )
    broken.chmod(0o755)
    assert "fatal error: Python.h: No such file or directory; it takes" in refusal(broken)


def test_an_onnx_file_is_refused(captured: Captured, samples: SampleSplit) -> None:
    runner = captured.engine.runner(captured.model)
    with pytest.raises(BadInput, match=r"torch\.compile: .*ONNX"):
        compiled_runner(runner, samples.evaluation[0].inputs)
