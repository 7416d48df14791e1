from __future__ import annotations

from pathlib import Path

import folders
import numpy as np
import pytest
import torch

from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.processing.image import prepare_image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folders.images(tmp_path / "images")


def read(folder: Path, data: Path) -> ModuleSource:
    found = read_source(str(folder), data)
    assert isinstance(found, ModuleSource)
    return found


def test_images_are_prepared_as_the_device_does(tmp_path: Path, data: Path) -> None:
    found = read(folders.seer(tmp_path / "seer"), data)
    assert found.processing is not None
    image, labels = found.processing.processing.image, found.processing.processing.labels
    assert image is not None
    assert labels is not None
    assert labels.names == ("dark", "light")
    samples = found.read()
    assert len(samples) == 20
    for sample, raw in zip(samples, found.processing.raw, strict=True):
        prepared = prepare_image(image, [raw["image"]])
        np.testing.assert_allclose(prepared, sample.inputs["pixel_values"], atol=1e-6)
        assert labels.names[sample.target.item()] == Path(str(raw["image"])).parent.name
        with torch.inference_mode():
            outputs = found.module(torch.from_numpy(sample.inputs["pixel_values"]))
        assert found.metric is not None
        assert found.metric(outputs, sample.target) in (0, 1)
    assert found.pretty is not None
    assert found.pretty(outputs).endswith("%)")


@pytest.mark.parametrize(
    "prepared", [{"do_center_crop": True, "crop_size": {"height": 8, "width": 8}}, {"resample": 1}]
)
def test_what_is_more_than_stretching_is_told(
    tmp_path: Path, data: Path, prepared: dict[str, object]
) -> None:
    with pytest.warns(UserWarning, match="pixels"):
        found = read(folders.seer(tmp_path / "seer", **prepared), data)
    assert found.processing is not None
    assert found.processing.processing.image is None
    assert not tuple(found.processing.raw)
    assert len(found.read()) == 20


def test_a_detector_gives_scores_and_boxes(tmp_path: Path, data: Path) -> None:
    found = read(folders.finder(tmp_path / "finder"), data)
    with torch.inference_mode():
        outputs = found.module(torch.from_numpy(found.read()[0].inputs["pixel_values"]))
    assert {name: list(value.shape) for name, value in outputs.items()} == {
        "logits": [1, 5, 3],
        "pred_boxes": [1, 5, 4],
    }
    assert found.processing is not None
    assert found.processing.processing.labels is not None
    assert found.processing.processing.labels.names == ("cat", "dog", "no object")


def test_each_tower_has_a_bundle_of_its_own(tmp_path: Path, data: Path) -> None:
    folder = folders.towers(tmp_path / "towers")
    (tmp_path / "x.txt").write_text("\n".join(folders.texts()), "utf-8")
    for rows, name in ((tmp_path / "x.txt", "text_embeds"), (data, "image_embeds")):
        found = read(folder, rows)
        inputs = {key: torch.from_numpy(array) for key, array in found.read()[0].inputs.items()}
        with torch.inference_mode():
            outputs = found.module(inputs)
        assert {key: list(value.shape) for key, value in outputs.items()} == {name: [1, 8]}
        assert found.processing is not None
        assert len(tuple(found.processing.raw)) in (20, 40)
    both = [
        {"text": text, "image": str(file)}
        for text, file in zip(folders.texts(), data.rglob("*.png"), strict=False)
    ]
    found = read(folder, folders.jsonl(tmp_path / "both.jsonl", both))
    assert set(found.read()[0].inputs) == {"input_ids", "attention_mask", "pixel_values"}
