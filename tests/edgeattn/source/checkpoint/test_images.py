from __future__ import annotations

from pathlib import Path

import folders
import numpy as np
import pytest
import torch
import transformers

from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.processing.crop import Crop
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


CROPPING = {"image_processor_type": "CLIPImageProcessor"}  # ViT's crops in new releases alone


@pytest.mark.parametrize(
    ("prepared", "crop"),
    [
        ({"size": {"shortest_edge": 19}}, Crop(shorter=19, rounding="down")),
        ({"size": {"height": 19, "width": 21}}, Crop(height=19, width=21, rounding="down")),
    ],
)
def test_the_middle_is_kept_as_the_device_does(
    tmp_path: Path, data: Path, prepared: dict[str, object], crop: Crop
) -> None:
    cropped = {**CROPPING, **prepared, "do_center_crop": True, "crop_size": 16}
    found = read(folders.seer(tmp_path / "seer", **cropped), data)
    assert found.processing is not None
    image = found.processing.processing.image
    assert image is not None
    assert (image.height, image.width, image.crop) == (16, 16, crop)
    for sample, raw in zip(found.read(), found.processing.raw, strict=True):
        prepared_pixels = prepare_image(image, [raw["image"]])
        np.testing.assert_allclose(prepared_pixels, sample.inputs["pixel_values"], atol=1e-6)


@pytest.mark.parametrize(
    "prepared",
    [
        {"resample": 1},
        {**CROPPING, "size": {"shortest_edge": 16}, "do_center_crop": False},
        {"do_center_crop": True, "crop_size": {"height": 20, "width": 20}},
    ],
)
def test_what_a_bundle_cannot_do_is_told(tmp_path: Path, data: Path, prepared: dict[str, object]) -> None:
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
        assert {key: list(value.shape) for key, value in outputs.items()} == {name: [1, 512]}
        assert found.processing is not None
        assert len(tuple(found.processing.raw)) in (20, 40)
    both = [
        {"text": text, "image": str(file)}
        for text, file in zip(folders.texts(), data.rglob("*.png"), strict=False)
    ]
    found = read(folder, folders.jsonl(tmp_path / "both.jsonl", both))
    assert set(found.read()[0].inputs) == {"input_ids", "attention_mask", "pixel_values"}


def test_a_network_of_images_without_a_head_gives_features(tmp_path: Path, data: Path) -> None:
    network = transformers.ViTModel(transformers.ViTConfig(**folders.VISION), add_pooling_layer=False)
    found = read(folders.vision(tmp_path / "features", network), data)
    with torch.inference_mode():
        pixels = torch.from_numpy(found.read()[0].inputs["pixel_values"])
        outputs, expected = found.module(pixels), network.eval()(pixels).last_hidden_state
    assert list(outputs) == ["last_hidden_state"]
    torch.testing.assert_close(outputs["last_hidden_state"], expected)


def test_a_processor_may_be_saved_with_others(tmp_path: Path, data: Path) -> None:
    together = folders.together(folders.seer(tmp_path / "a" / "seer"))
    found, expected = (read(folder, data) for folder in (together, folders.seer(tmp_path / "b" / "seer")))
    assert found.processing is not None
    assert expected.processing is not None
    assert found.processing.processing == expected.processing.processing


def test_texts_of_siglip_are_padded_as_it_was_trained(tmp_path: Path) -> None:
    folder = folders.towers(tmp_path / "towers", "Siglip")
    (tmp_path / "x.txt").write_text("\n".join(folders.texts()), "utf-8")
    found = read(folder, tmp_path / "x.txt")
    network = transformers.SiglipModel.from_pretrained(folder)
    samples = found.read()
    assert len({sample.inputs["input_ids"].shape[1] for sample in samples}) > 3
    for sample in samples:
        ids = torch.from_numpy(sample.inputs["input_ids"])
        longest = folders.SIZES["max_position_embeddings"]
        padded = torch.nn.functional.pad(ids, (0, longest - ids.shape[1]))
        with torch.inference_mode():
            outputs = found.module({"input_ids": ids})
            expected = network.get_text_features(input_ids=padded)
        expected = expected if isinstance(expected, torch.Tensor) else expected.pooler_output
        expected = torch.nn.functional.normalize(expected, dim=-1)
        torch.testing.assert_close(outputs["text_embeds"], expected)
