"""TorchScript becomes a module that torch.export reads, or a refusal that says what will do."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture.original.torchscript import (
    ConvertedTorchScript,
    converted,
    is_torchscript,
    torchscript_name,
)
from edgeattn_export.capture.samples.read_samples import read_samples
from edgeattn_runtime.errors import ModelError

pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit:DeprecationWarning", "ignore:`torch.jit:FutureWarning"
)
LENGTHS = (5, 9, 3)


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.query, self.value = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.query(x) @ y.transpose(1, 2)).softmax(-1) @ self.value(y)


def _raw() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return [{name: torch.randn(1, n, 8, generator=generator) for name in "xy"} for n in LENGTHS]


def _loaded(scripted: torch.jit.ScriptModule, folder: Path) -> torch.jit.ScriptModule:
    torch.jit.save(scripted, folder / "net.pt")
    return torch.jit.load(folder / "net.pt").eval()


@pytest.mark.parametrize("how", ["script", "trace"])
def test_a_file_of_a_class_that_is_not_there_is_converted(how: str, tmp_path: Path) -> None:
    module, raw = Attending().eval(), _raw()
    scripted = (
        torch.jit.script(module) if how == "script" else torch.jit.trace(module, tuple(raw[0].values()))
    )
    scripted = _loaded(scripted, tmp_path)
    program = converted(scripted, raw[0])
    assert is_torchscript(scripted)
    assert torchscript_name(scripted) == "attending"
    assert list(inspect.signature(program.forward).parameters) == ["x", "y"]
    for inputs in (*raw, {name: value.repeat(3, 1, 1) for name, value in raw[1].items()}):
        assert torch.equal(program(**inputs), scripted(**inputs))
    program.check(read_samples(program, raw))


def test_a_function_is_converted_on_a_tuple_with_a_target() -> None:
    function = torch.jit.script(_difference)
    program = converted(function, ((torch.ones(1, 2), torch.ones(1, 2)), "cat"))
    assert torchscript_name(function) == "_difference"
    assert program(torch.ones(3, 2), y=torch.zeros(3, 2)).tolist() == [[1, 1]] * 3


def _difference(x: Tensor, y: Tensor) -> Tensor:
    return x - y


def test_what_the_converter_does_not_take_needs_its_class() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 8, batch_first=True).eval()
    line = r"^TorchScript of TransformerEncoderLayer, .* does not take \(.*\); nothing but the class will do"
    with pytest.raises(ModelError, match=line):
        converted(torch.jit.script(layer), {"src": torch.ones(1, 3, 8)})


def test_a_program_that_answers_otherwise_is_refused(tmp_path: Path) -> None:
    scripted = _loaded(torch.jit.script(Attending()), tmp_path)
    program = converted(scripted, _raw()[0])
    with torch.no_grad():
        next(program.buffers()).mul_(2)
    other = type(program)(_loaded(torch.jit.script(Attending()), tmp_path), program.program)
    assert isinstance(other, ConvertedTorchScript)
    with pytest.raises(ModelError, match=r"differs in channel .*; nothing but the class will do"):
        other.check(read_samples(other, _raw()))
