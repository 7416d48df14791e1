from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn_export.capture.samples.read_samples import LIMIT
from edgeattn_export.incremental import StreamRequest
from edgeattn_runtime.errors import ModelError

GOOD = """
import torch

def model():
    return torch.nn.Linear(2, 2).eval()

def samples():
    yield {"input": torch.ones(1, 2)}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., ModuleSource]:
    def written(text: str, name: str = "net.py") -> ModuleSource:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return handover.load(str(path))

    return written


def test_a_file_defines_a_model(load: Callable[..., ModuleSource], tmp_path: Path) -> None:
    source = load(GOOD)
    assert source.name == "net"
    assert isinstance(source.module, nn.Linear)
    assert [sample["input"].tolist() for sample in source.samples] == [[[1, 1]]]
    assert (source.dynamic, source.budget, source.metric, source.pretty) == (None, {}, None, None)
    assert source.sha256 == hashlib.sha256((tmp_path / "net.py").read_bytes()).hexdigest()


def test_a_file_in_half_precision_is_taken_in_float32(load: Callable[..., ModuleSource]) -> None:
    half = "[{'input': torch.ones(1, 2).bfloat16()}] * 3"
    text = GOOD.replace(".eval()", ".eval().bfloat16()").replace(
        "yield {", f"yield from {half}\n    yield {{"
    )
    with pytest.warns(UserWarning, match="samples are converted to float32"):
        samples = load(text).read()
    assert samples[0].inputs["input"].dtype == "float32"


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore:`torch.jit:FutureWarning")
def test_a_file_of_torchscript_is_converted(load: Callable[..., ModuleSource], tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)), tmp_path / "net.pt")
    text = GOOD.replace(
        "torch.nn.Linear(2, 2).eval()", f"torch.jit.load({str(tmp_path / 'net.pt')!r}).eval()"
    )
    source = load(text.replace("    yield", "    for _ in range(3): yield"))
    assert source.read().names == ("input",)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, where it compiles
def test_a_compiled_model_is_taken_as_it_was_before(load: Callable[..., ModuleSource]) -> None:
    source = load(GOOD.replace("torch.nn.Linear(2, 2).eval()", "torch.compile(torch.nn.Linear(2, 2))"))
    assert isinstance(source.module, nn.Linear)


@pytest.mark.parametrize("made", ["model = lambda: Net()", "model = Net()"])
def test_a_model_may_be_ready_or_made_in_a_line(load: Callable[..., ModuleSource], made: str) -> None:
    text = GOOD.replace("def model():\n    return torch.nn.Linear(2, 2).eval()", "")
    source = load(
        f"{text}\nclass Net(torch.nn.Linear):\n    def __init__(self): super().__init__(2, 2)\n{made}\n"
    )
    assert type(source.module).__name__ == "Net"


def test_a_pipeline_is_taken_for_its_model(load: Callable[..., ModuleSource]) -> None:
    pipeline = """
class Pipeline:
    def __init__(self): self.model = torch.nn.Linear(2, 2)
    def __call__(self, text): return self.model(torch.ones(1, 2))

model = Pipeline()
"""
    with pytest.warns(UserWarning, match=r"Pipeline .*model, Linear"):
        source = load(GOOD + pipeline)
    assert isinstance(source.module, nn.Linear)


def test_what_else_a_file_may_define(load: Callable[..., ModuleSource]) -> None:
    more = """
dynamic = {"input": ("batch", None)}
budget = {"cosine": 0.9}
def metric(outputs, target): return 0.5
def pretty(outputs): return "well"
"""
    source = load(GOOD + more)
    assert (source.dynamic, source.budget) == ({"input": ("batch", None)}, {"cosine": 0.9})
    assert source.metric({}, None) == 0.5
    assert source.pretty({}) == "well"


def test_a_file_called_model_is_named_after_its_folder(load: Callable[..., ModuleSource]) -> None:
    assert load(GOOD, "digits/model.py").name == "digits"


def test_siblings_are_importable_while_it_loads_and_no_longer(
    load: Callable[..., ModuleSource], tmp_path: Path
) -> None:
    (tmp_path / "width_of_net.py").write_text("WIDTH = 2")
    before = sys.path.copy()
    late = GOOD.replace("    return torch", "    from width_of_net import WIDTH\n    return torch")
    assert load(late).name == "net"
    assert sys.path == before
    assert not list(tmp_path.rglob("__pycache__"))


def test_siblings_of_one_name_in_two_folders_are_two(load: Callable[..., ModuleSource]) -> None:
    for number in (1, 2):
        load(f"{GOOD}\nSIZE = {number}", f"part_{number}/model.py")
        source = load(
            "from model import SIZE, model, samples\nbudget = {'size_mb': SIZE}", f"part_{number}/wide.py"
        )
        assert source.budget == {"size_mb": number}


def test_dataclasses_with_postponed_annotations_work(load: Callable[..., ModuleSource]) -> None:
    config = """
from __future__ import annotations
from dataclasses import dataclass, field
from typing import ClassVar

@dataclass
class Config:
    kind: ClassVar[str] = "net"
    width: int = 2
"""
    assert load(config + GOOD).name == "net"


def test_endless_samples_are_read_up_to_the_limit(load: Callable[..., ModuleSource]) -> None:
    endless = GOOD.replace("    yield", "    while True: yield")
    assert len(tuple(load(endless).samples)) == LIMIT


def test_a_dotted_module_is_found_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zoo_of_mine").mkdir()
    (tmp_path / "zoo_of_mine" / "lion.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert handover.load("zoo_of_mine.lion").name == "lion"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("def model", "def network"), r"model\(\)"),
        (GOOD.replace("def samples", "def data"), r"samples\(\)"),
        (GOOD + "model = 3", "model is int"),
        (GOOD.replace("return torch.nn.Linear(2, 2).eval()", "return {}"), r"model\(\) .*dict"),
        (GOOD.replace("yield", "return 3 #"), r"samples\(\) .*int"),
        (GOOD + "budget = 3", "budget is int"),
        (GOOD + "metric = 3", "metric is int"),
        (
            "import torch\nimport no_such_package_here",
            "'no_such_package_here'.*pip install no-such-package-here",
        ),
        ("import sklearn_\nimport PIL", "pip install sklearn-,"),
        ("x = 1\ndef model(:", "line 2: SyntaxError"),
        ("import sys\n\nsys.exit('bye')", "line 3: SystemExit: bye"),
        (
            GOOD.replace("return torch", "raise OSError('no\\nweights')\n    return torch"),
            "line 5: OSError: no weights",
        ),
        (GOOD.replace("    yield", "    1 / 0\n    yield"), "line 8: ZeroDivisionError: division by zero"),
    ],
)
def test_a_file_that_is_no_model_is_refused_in_a_line(
    load: Callable[..., ModuleSource], tmp_path: Path, text: str, named: str
) -> None:
    with pytest.raises(ModelError, match=named) as refusal:
        load(text)
    assert str(refusal.value).startswith(str(tmp_path / "net.py"))
    assert "\n" not in str(refusal.value)


def test_a_file_in_another_encoding_is_named_with_the_command_that_converts_it(tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text('first = 1\nword = "caf\xe9"\n', "latin1")
    (tmp_path / "net.py").write_text(f"import words\n{GOOD}")
    with pytest.raises(ModelError) as refusal:
        handover.load(str(tmp_path / "net.py"))
    words = tmp_path / "words.py"
    assert str(refusal.value) == (
        f"{words}, line 2: byte 0xe9 found, UTF-8 expected; convert it: "
        f"iconv -f latin1 -t utf-8 {words} > {tmp_path / 'words-utf8.py'}"
    )
    words.write_text('# coding: latin1\nword = "caf\xe9"\n', "latin1")
    assert handover.load(str(tmp_path / "net.py")).name == "net"


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("nowhere.py", r"^nowhere\.py: "),
        ("nowhere/at/all", "^nowhere/at/all: "),
        ("no_such_package_here", "^no_such_package_here: "),
        ("no_such_package_here.model", r"^no_such_package_here\.model: "),
        ("sys", "^sys: "),
        (".", r"model\.py"),
    ],
)
def test_a_source_that_is_nowhere_is_refused(
    source: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=named):
        handover.load(source)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"\0")
    with pytest.raises(ModelError, match=r"weights\.bin: "):
        handover.load(str(path))


def test_a_file_says_which_input_arrives_piece_by_piece(load: Callable[..., ModuleSource]) -> None:
    assert load(GOOD).streaming is None
    source = load(f'{GOOD}\nstreaming = {{"input": "input", "hop": 2}}\n', "stream.py")
    assert source.streaming == StreamRequest("input", 2)
    with pytest.raises(ModelError, match=r"wrong.py: streaming.hop: 'two' found, a whole number"):
        load(f'{GOOD}\nstreaming = {{"input": "input", "hop": "two"}}\n', "wrong.py")
