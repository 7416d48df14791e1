"""A model that returns its attention: measured as distributions, drawn, and printed for a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import load as load_onnx

from edgeattn import pipeline
from edgeattn.bundle import Bundle
from edgeattn.example import example
from edgeattn.judge.request import Objective, Request
from edgeattn.progress import Silent
from edgeattn.report.page import page
from edgeattn.report.page.view import View
from edgeattn.source import handover
from edgeattn.source.module import ModuleSource
from edgeattn_export.pack import repack, save
from edgeattn_export.targets.cpu import DYNAMIC_INT8
from edgeattn_runtime.bundle.folder import open_bundle
from edgeattn_runtime.model import load

MAPPED = Path(__file__).with_name("mapped.py")
TEXT = "The big cat sat on a mat"


@pytest.fixture(scope="module")
def mapped() -> ModuleSource:
    return handover.load(str(MAPPED))


@pytest.fixture(scope="module")
def bundle(mapped: ModuleSource) -> Bundle:
    request = Request.read(
        "cpu", {"attention_distance": 0.1}, Objective("size", DYNAMIC_INT8), has_metric=False
    )
    return pipeline.run(mapped, request, Silent())


@pytest.fixture(scope="module")
def folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.save(tmp_path_factory.mktemp("maps") / "mapped.edge")


def test_both_layers_are_whole_and_one_gives_out_its_weights(folder: Path) -> None:
    nodes = load_onnx(folder / "model.onnx", load_external_data=False).graph.node
    attentions = [node for node in nodes if node.op_type == "Attention"]
    assert [len(node.output) for node in attentions] == [1, 4]
    assert not any(node.op_type == "Softmax" for node in nodes)


def test_int8_divides_its_attention_as_pytorch_does(bundle: Bundle) -> None:
    (it,) = bundle.report.attention_maps
    assert (it.output, it.module) == ("attention", "last")
    assert 0 < it.distance_mean <= it.distance_max < 0.1
    assert bundle.report.scores["attention_distance"] == pytest.approx(it.distance_mean)
    assert all(case.ok for case in bundle.report.edge_cases)  # one token, padded rows
    words = page(View(report=bundle.report, drawn=None, facts={}))
    assert "Attention map attention, total variation, worst sample" in words


def test_it_is_drawn_over_the_tokens(folder: Path, mapped: ModuleSource) -> None:
    drawn = example(folder, mapped)
    assert drawn.pytorch.startswith("logits: ")
    assert drawn.picture is not None
    assert "mean of 2 heads" in drawn.picture.decode()


@pytest.mark.parametrize(("options", "title"), [((), "mean of 2 heads"), (("--head", "1"), "head 1")])
def test_a_text_is_printed_with_where_each_token_looks(
    options: tuple[str, ...], title: str, folder: Path, ran: Callable[..., str]
) -> None:
    printed = ran("run", folder, "--text", TEXT, "--attention", *options)
    assert title in printed
    net = load(folder)
    (heads,) = net(**net.prepare(text=TEXT))["attention"]
    expected = heads[1] if options else heads.mean(0)
    tokens = TEXT.lower().split()
    header, *rows = (
        line.split() for line in printed.splitlines() if line.split()[:1] in [[t] for t in tokens]
    )
    assert header == tokens
    assert [row[0] for row in rows] == tokens
    numbers = [[int(word) for word in row[1:] if word.isdigit()] for row in rows]
    np.testing.assert_allclose(numbers, 100 * expected, atol=0.51)


def test_what_cannot_be_shown_is_refused_in_a_line(
    folder: Path, tmp_path: Path, bundle: Bundle, refused: Callable[..., str]
) -> None:
    assert "2 found, one from 0 to 1" in refused("run", folder, "--text", TEXT, "--attention", "--head", 2)
    assert "add --attention" in refused("run", folder, "--text", TEXT, "--head", 0)
    report = replace(bundle.report, attention_maps=()).to_json().encode()
    without = tmp_path / "without.edge"
    save(repack(open_bundle(folder), {"report.json": report}), without)
    assert "no output is an attention map" in refused("run", without, "--text", TEXT, "--attention")
