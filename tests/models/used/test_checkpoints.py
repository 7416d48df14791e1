"""Checkpoints exported by one line: a text has a label, and what was really trained stays as good."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

import edgeattn_runtime
from edgeattn.__main__ import main
from edgeattn.measure import race

sys.path.append(str(Path(__file__).parents[2] / "edgeattn" / "source" / "checkpoint"))
import folders
import sample_files

LEAST_ACCURACY = 0.7  # of digits that training never saw; chance is a tenth
RECIPE = {  # in place of a search
    "schema": 2,
    "name": "plain",
    "rewrites": [],
    "layers": [{"layer": "*", "form": "int8", "techniques": {}}],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("checkpoints")
    folders.digits(place / "digits")
    sample_files.digit_images(place / "images")
    return place


def run(place: Path, *words: str) -> str:
    command = [sys.executable, "-m", "edgeattn", *words]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout


def test_images_of_digits_keep_their_accuracy(place: Path) -> None:
    report = json.loads(run(place, "export", "digits", "--samples", "images", "--json"))
    assert report["verdict"] == "pass"
    accuracy = report["accuracy"]
    assert accuracy["metric_pytorch"] > LEAST_ACCURACY
    assert accuracy["metric_int8"] > accuracy["metric_pytorch"] - 0.05
    seven = next(iter(sorted((place / "images" / "7").iterdir())))
    answers = run(place, "run", "digits.edge", "--input", str(seven)).splitlines()
    assert len(answers) == 5


def test_a_folder_and_a_table_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(race, "MOST_ROUNDS", 32)
    recipe, bundle = tmp_path / "plain.json", tmp_path / "critic.edge"
    recipe.write_text(json.dumps(RECIPE), "utf-8")
    folder, data = folders.classifier(tmp_path / "critic"), sample_files.reviews(tmp_path / "reviews.csv", 80)
    original = [str(folder), "--samples", str(data), "--columns", "text=review", "--columns", "label=stars"]
    assert main(["export", *original, "-o", str(bundle), "--recipe", str(recipe)]) == 0
    assert "Metric of the model" in capsys.readouterr().out
    assert main(["run", str(bundle), "--text", "a great film"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"negative", "positive"}
    assert main(["validate", str(bundle), *original, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"


def test_a_bundle_generates_as_its_folder_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By beams, a first token that is forced, a stop and a length, as transformers' own generate()."""
    monkeypatch.setattr(race, "MOST_ROUNDS", 32)
    recipe, folder = tmp_path / "plain.json", folders.translator(tmp_path / "translator")
    recipe.write_text(
        json.dumps(RECIPE | {"layers": [{"layer": "*", "form": "float", "techniques": {}}]}), "utf-8"
    )
    own = {"decoder_start_token_id": 0, "forced_bos_token_id": 5, "eos_token_id": 3, "max_length": 9}
    (folder / "generation_config.json").write_text(json.dumps({**own, "num_beams": 3}), "utf-8")
    rows = [{"text": text, "target": " ".join(reversed(text.split()))} for text in sample_files.texts()]
    data, bundle = sample_files.jsonl(tmp_path / "x.jsonl", rows), tmp_path / "translator.edge"
    assert (
        main(["export", str(folder), "--samples", str(data), "-o", str(bundle), "--recipe", str(recipe)]) == 0
    )
    network = transformers.T5ForConditionalGeneration.from_pretrained(folder).eval()
    ids = [[3 + i, 9, 20 - i, 3] for i in range(6)]
    for row, (best,) in zip(ids, edgeattn_runtime.generate_many(bundle, ids), strict=True):
        expected = network.generate(torch.tensor([row]))[0].tolist()
        assert [0, 5, *best.tokens] == expected[: len(best.tokens) + 2]
        assert set(expected[len(best.tokens) + 2 :]) <= {0, 3}
