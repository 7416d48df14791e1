from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.ao import quantization

from edgeattn.source.arguments import read_source
from edgeattn_runtime.errors import BadInput

ARGUMENTS = (torch.zeros(2, 7, dtype=torch.long), torch.ones(2, 1))


class Classifier(nn.Module):
    """A layer of attention over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, tokens: Tensor, scale: Tensor) -> dict[str, Tensor]:
        return {"logits": self.layer(self.embed(tokens)).mean(dim=1) * scale}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    arrays = {f"{i}.tokens": draw.integers(0, 50, (1, 3 + i)) for i in range(6)}
    scales = {f"{i}.scale": draw.random((1, 1), np.float32) for i in range(6)}
    np.savez(tmp_path / "samples.npz", **arrays, **scales)
    return tmp_path / "samples.npz"


def test_a_program_answers_as_its_module_did(tmp_path: Path, samples: Path) -> None:
    module = Classifier().eval()
    axes = {
        "tokens": {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO},
        "scale": {0: torch.export.Dim.AUTO},
    }
    torch.export.save(torch.export.export(module, ARGUMENTS, dynamic_shapes=axes), tmp_path / "net.pt2")
    found = read_source(str(tmp_path / "net.pt2"), samples)
    assert found.name == "net"
    for sample in found.read():
        inputs = {name: torch.from_numpy(array) for name, array in sample.inputs.items()}
        with torch.inference_mode():
            torch.testing.assert_close(found.module(inputs)["logits"], module(**inputs)["logits"])


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Please use quant_min and quant_max:UserWarning")
def test_a_program_that_training_has_quantized_has_its_grids(tmp_path: Path, samples: Path) -> None:
    module = Classifier().train()
    module.layer.linear1.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    prepared = quantization.prepare_qat(module)
    prepared(*ARGUMENTS)
    torch.export.save(torch.export.export(prepared.eval(), ARGUMENTS), tmp_path / "net.pt2")
    found = read_source(str(tmp_path / "net.pt2"), samples)
    assert found.trained.layers == {"program.layer.linear1"}


@pytest.mark.parametrize(
    ("namespace", "refusal"),
    [
        ("quantized_decomposed", r"int8 already found, by its operator quantized_decomposed\.double;"),
        ("other", r"its operator other\.double is none of PyTorch's own; .* in a Python file$"),
    ],
)
def test_operators_that_are_not_pytorchs_are_refused_in_a_line(
    tmp_path: Path, samples: Path, namespace: str, refusal: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Doubling(nn.Module):
        def forward(self, scale: Tensor) -> Tensor:
            doubled: Tensor = getattr(torch.ops, namespace).double(scale)
            return doubled

    with torch.library._scoped_library(namespace, "FRAGMENT") as library:
        library.define("double(Tensor x) -> Tensor")
        library.impl("double", lambda x: 2 * x, "CompositeExplicitAutograd")
        torch.export.save(torch.export.export(Doubling(), (torch.ones(1, 1),)), tmp_path / "net.pt2")
    with pytest.raises(BadInput, match=rf"net\.pt2: .*{refusal}"):
        read_source(str(tmp_path / "net.pt2"), samples)
    assert not caplog.records


def test_another_file_is_refused(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "net.pt2").write_bytes(b"no program")
    with pytest.raises(BadInput, match=r"net\.pt2: no program of torch\.export"):
        read_source(str(tmp_path / "net.pt2"), samples)
    with pytest.raises(BadInput, match=r"samples.*\.npz"):
        read_source(str(tmp_path / "net.pt2"), None)


def test_no_file_is_said_to_be_none(tmp_path: Path, samples: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.pt2: no such file; expected a program of torch\.export$"):
        read_source(str(tmp_path / "nowhere.pt2"), samples)


class Evil:
    """Calls a function where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.filterwarnings("ignore:Validating sparse tensor invariants")  # of newer PyTorch, at every pickle
def test_a_pickle_of_no_tensors_is_refused(tmp_path: Path, samples: Path) -> None:
    program = torch.export.export(nn.Linear(4, 4).eval(), (torch.zeros(2, 4),))
    torch.export.save(program, tmp_path / "good.pt2")
    content = io.BytesIO()
    torch.save(Evil(tmp_path / "ran"), content)
    with zipfile.ZipFile(tmp_path / "good.pt2") as good, zipfile.ZipFile(tmp_path / "evil.pt2", "w") as evil:
        for entry in good.infolist():
            is_sample = "sample_inputs" in entry.filename
            evil.writestr(entry.filename, content.getvalue() if is_sample else good.read(entry))
    with pytest.raises(BadInput, match=r"evil\.pt2: a pickle of other objects than tensors found, which may"):
        read_source(str(tmp_path / "evil.pt2"), samples)
    assert not (tmp_path / "ran").exists()
