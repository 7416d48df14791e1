"""What the documentation says exists, and its examples run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, BertTokenizerFast

from edgeattn.results.limits import LIMITS
from edgeattn.source import handover
from edgeattn_export.capture import capture, read_samples
from edgeattn_export.graph.axes import infer_axes
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.quantize.recipes.recipe import read_recipe
from edgeattn_export.quantize.techniques import TECHNIQUES
from edgeattn_export.targets import TARGETS

ROOT = Path(__file__).parents[1]
CONFORMANCE = ROOT / "runtime" / "conformance" / "build"
DOCS = ROOT / "docs"
WIDTH = 16
PAGES = sorted(
    page
    for folder in (ROOT, DOCS, ROOT / "models", ROOT / "runtime")
    for page in (*folder.glob("*.md"), *folder.glob("*/README.md"))
)


def test_every_limit_of_a_budget_is_explained() -> None:
    page = (DOCS / "budget.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \| at (?:least|most):", page, re.MULTILINE)) == set(LIMITS)


def test_every_part_of_a_recipe_is_explained() -> None:
    page = (DOCS / "recipes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?`) \| ", page, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(.+?)`", row)}
    forms = [target.forms for target in TARGETS.values()]
    linear = {name for each in forms for name in each.linear}
    assert explained == linear | {form.name for each in forms for form in each.others} | TECHNIQUES.keys()


def test_the_example_of_a_recipe_is_one(tmp_path: Path) -> None:
    page = (DOCS / "recipes.md").read_text(encoding="utf-8")
    found = re.search(r"^```json\n(.+?)^```$", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    (tmp_path / "mine.json").write_text(found[1])
    recipe = read_recipe(tmp_path / "mine.json")
    assert recipe.treatment("layer.0.query").form == "int8 per token"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", text)
    links += [(path, "") for path in re.findall(r"^\[[\w-]+\]: ([^:\s]+)$", text, re.MULTILINE)]
    found = [(page.parent / path if path else page, anchor) for path, anchor in links]
    assert [target for target, _ in found if not target.exists()] == []
    assert [anchor for target, anchor in found if anchor and anchor not in _anchors(target)] == []


def test_the_readme_leads_to_every_page_of_docs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS.glob("*.md") if f"](docs/{page.name})" not in readme] == []


def test_the_example_for_an_app_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CONFORMANCE / "good.edge", tmp_path / "sentence.edge")
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {"inputs": _inputs()}
    exec(compile(_example("app.md", "## Python"), "app.md", "exec"), known)
    assert len(known["many"]) == 2


def test_the_example_of_generation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CONFORMANCE / "decoder.edge", tmp_path / "story.edge")
    shutil.copytree(CONFORMANCE / "sources.edge", tmp_path / "captions.edge")
    monkeypatch.chdir(tmp_path)
    known: dict[str, Any] = {
        "prompt": np.array([1, 2], np.int64),
        "prompts": [[1, 2], [3]],
        "turns": [[3]],
        "features": np.ones((1, 3, 6), np.float32),
        "mask": np.ones((1, 3), bool),
    }
    headings = (
        "## One prompt",
        "### A text that goes on",
        "### An encoder-decoder",
        "## Many prompts, and beams",
    )
    for heading in headings:
        exec(compile(_example("generation.md", heading), "generation.md", "exec"), known)
    assert known["best"].score >= known["second"].score


def test_the_wrapper_for_a_number_of_values_exports() -> None:
    known: dict[str, Any] = {"nn": nn, "torch": torch}
    exec(compile(_example("model-file.md", "## Lengths"), "model-file.md", "exec"), known)
    module = known["Counted"](CutEncoder()).eval()
    raw = [
        known["sample"](torch.randn(rows, n + rows, 8), torch.tensor([n, 3, 2][:rows]))
        for n, rows in ((5, 2), (9, 1), (6, 3), (12, 2))
    ]
    samples = read_samples(module, raw)
    captured = capture(module, samples, infer_axes(samples, None), ORT_CPU)
    sound, lengths, frames = captured.graph.inputs
    assert sound.dims == ("batch", "sequence", 8)
    assert frames.dims == ("batch", lengths.lengths_of)


class CutEncoder(nn.Module):
    """A library's encoder, which leaves out what is behind the longest."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 8, dropout=0, batch_first=True)

    def forward(self, sound: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        longest = int(lengths.max())
        padding = torch.arange(longest) >= lengths[:, None]  # (B, S)
        hidden: torch.Tensor = self.layer(sound[:, :longest], src_key_padding_mask=padding)
        return hidden


def test_the_example_of_a_librarys_model_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_encoder(tmp_path / "my-encoder")
    (tmp_path / "texts.txt").write_text("a b\nc d e\na b c d\n")
    (tmp_path / "encoder.py").write_text(_example("model-file.md", "## A library's model, as it is"))
    monkeypatch.chdir(tmp_path)
    source = handover.load("encoder.py")
    samples = source.read()
    assert {"input_ids", "attention_mask"} <= set(samples.names)
    captured = source.capture(samples, ORT_CPU)
    outputs = {tensor.name: tensor.dims for tensor in captured.graph.outputs}
    assert outputs["sentence_embedding"] == ("batch", WIDTH)
    assert not outputs.keys() & set(samples.names)


def _anchors(page: Path) -> set[str]:
    """Return what a link to a heading of a page may end with, as GitHub names it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _example(page: str, heading: str) -> str:
    """Return the Python that stands first under a heading of docs/."""
    below = (DOCS / page).read_text(encoding="utf-8").partition(f"{heading}\n")[2]
    found = re.search(r"^```python\n(.+?)^```$", below, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def _write_encoder(folder: Path) -> None:
    """Write a BERT of a few letters as a library's users have theirs on disk."""
    folder.mkdir()
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcde")))
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(folder)
    config = BertConfig(
        vocab_size=10, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=WIDTH
    )
    BertModel(config).save_pretrained(folder)


def _inputs() -> dict[str, np.ndarray]:
    """Return what the graph of the bundle takes, every dim 2."""
    graph = json.loads((CONFORMANCE / "good.edge" / "manifest.json").read_text())["graphs"]["model"]
    return {spec["name"]: np.ones([2] * len(spec["dims"]), spec["dtype"]) for spec in graph["inputs"]}
