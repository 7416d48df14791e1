"""A checkpoint becomes a bundle by one line, and the bundle answers a text with a label."""

from __future__ import annotations

import json
from pathlib import Path

import folders
import pytest

from edgeattn.__main__ import main
from edgeattn.measure import race

RECIPE = {  # in place of a search
    "schema": 2,
    "name": "plain",
    "rewrites": [],
    "layers": [{"layer": "*", "form": "int8", "techniques": {}}],
}


def test_a_folder_and_a_table_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(race, "MOST_ROUNDS", 32)
    recipe, bundle = tmp_path / "plain.json", tmp_path / "critic.edge"
    recipe.write_text(json.dumps(RECIPE), "utf-8")
    folder, data = folders.classifier(tmp_path / "critic"), folders.reviews(tmp_path / "reviews.csv", 80)
    original = [str(folder), "--samples", str(data), "--columns", "text=review", "--columns", "label=stars"]
    assert main(["export", *original, "-o", str(bundle), "--recipe", str(recipe)]) == 0
    assert "Metric of the model" in capsys.readouterr().out
    assert main(["run", str(bundle), "--text", "a great film"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"negative", "positive"}
    assert main(["validate", str(bundle), *original, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "pass"
