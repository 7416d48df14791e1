from __future__ import annotations

import re
from pathlib import Path

import folders
import PIL.Image
import pytest
import sample_files
import torch
import transformers

from edgeattn.source.arguments import read_source
from edgeattn.source.checkpoint.image_processor import ImageProcessor
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.classes import Classes
from edgeattn_runtime.processing.objects import Objects
from edgeattn_runtime.processing.resize import Resize


def read(folder: Path, data: Path) -> ModuleSource:
    return read_source(str(folder), data)


def test_images_are_prepared_as_the_device_does(tmp_path: Path, images: Path) -> None:
    found = read(folders.seer(tmp_path / "seer"), images)
    image, labels = found.processing.processing.image, found.processing.processing.labels
    assert labels.names == ("dark", "light")
    assert found.processing.processing.prediction == Classes(scores="softmax")
    samples = found.read()
    assert len(samples) == 20
    assert folders.prepared_alike(found) == image
    for sample, raw in zip(samples, found.processing.raw, strict=True):
        assert labels.names[sample.target.item()] == Path(str(raw["image"])).parent.name
        outputs = folders.answer(found, sample.inputs)
        assert found.metric(outputs, sample.target) in (0, 1)
    assert found.pretty(outputs).endswith("%)")


CROPPING = {"image_processor_type": "CLIPImageProcessor"}  # ViT's crops in new releases alone


CENTERED = {"do_center_crop": True, "crop_size": 16}


@pytest.mark.parametrize(
    ("size", "resize"),
    [
        ({"shortest_edge": 19}, Resize(shorter=19)),
        ({"height": 19, "width": 21}, Resize(height=19, width=21)),
    ],
)
def test_the_middle_is_kept_as_the_device_does(
    tmp_path: Path, images: Path, size: dict[str, int], resize: Resize
) -> None:
    image = folders.prepared_alike(
        read(folders.seer(tmp_path / "seer", **CROPPING, size=size, **CENTERED), images)
    )
    assert (image.height, image.width, image.resize, image.align) == (16, 16, resize, "center")
    assert image.border is None


def test_an_image_smaller_than_the_middle_lies_in_black(tmp_path: Path, images: Path) -> None:
    settings = CROPPING | CENTERED | {"size": {"shortest_edge": 14}, "crop_size": 16}
    image = folders.prepared_alike(read(folders.seer(tmp_path / "seer", **settings), images))
    assert image.border == tuple(-mean / std for mean, std in zip(image.mean, image.std, strict=True))


@pytest.mark.parametrize(
    ("number", "name"), [(0, "nearest"), (1, "lanczos"), (3, "bicubic"), (4, "box"), (5, "hamming")]
)
def test_the_filters_of_pillow_are_the_device_s(tmp_path: Path, images: Path, number: int, name: str) -> None:
    image = folders.prepared_alike(read(folders.seer(tmp_path / "seer", resample=number), images))
    assert image.resample == name


EDGES = {"size": {"shortest_edge": 32, "longest_edge": 60}, "do_pad": True}


@pytest.mark.parametrize(("kind", "multiple"), [("Yolos", 16), ("Detr", None), ("RTDetr", None)])
def test_an_image_of_its_own_size_is_the_device_s(tmp_path: Path, kind: str, multiple: int | None) -> None:
    images = sample_files.images(tmp_path / "images", rows=3)
    settings = {"image_processor_type": f"{kind}ImageProcessor", **EDGES}
    found = read(folders.finder(tmp_path / "finder", **settings), images)
    image = folders.prepared_alike(found)
    assert (image.height, image.width) == (None, None)
    assert image.resize == Resize(shorter=32, longer=60, multiple=multiple)
    assert found.dynamic == {"pixel_values": ("batch", None, "height", "width")}
    assert len({sample.inputs["pixel_values"].shape for sample in found.read()}) > 1


@pytest.mark.parametrize("kind", ["Yolos", "RTDetr"])
def test_a_detector_s_border_is_the_device_s(tmp_path: Path, images: Path, kind: str) -> None:
    settings = {"image_processor_type": f"{kind}ImageProcessor", **EDGES}
    padded = {**settings, "pad_size": {"height": 48, "width": 64}}
    image = folders.prepared_alike(read(folders.finder(tmp_path / "finder", **padded), images))
    assert (image.height, image.width, image.align, image.border) == (48, 64, "start", (0, 0, 0))


@pytest.mark.parametrize(
    ("prepared", "why"),
    [
        ({"size": {"longest_edge": 9}}, "size {'longest_edge': 9} found, height and width or shortest_edge"),
        ({"do_resize": False}, "do_resize false found"),
        ({"resample": 6}, "resample 6 found, one of nearest, box, bilinear, hamming, bicubic, lanczos"),
    ],
)
def test_what_a_bundle_has_no_words_for_is_reported(
    tmp_path: Path, images: Path, prepared: dict[str, object], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = torch.zeros(1, 3, 16, 16)  # where the processor itself refuses these settings
    monkeypatch.setattr(ImageProcessor, "processed", lambda self, image: pixels)
    with pytest.warns(UserWarning, match=f"ViTImageProcessor.*: {re.escape(why)}.*takes pixels"):
        read(folders.seer(tmp_path / "seer", **prepared), images)


def test_what_a_processor_does_beyond_its_settings_is_reported(tmp_path: Path, images: Path) -> None:
    swapping = {"image_processor_type": "MobileViTImageProcessor", **CENTERED}  # red and blue
    with pytest.warns(UserWarning, match=r"MobileViT.*: prepares \d\.png in a way.*takes pixels"):
        found = read(folders.seer(tmp_path / "seer", **swapping), images)
    assert found.processing.processing.image is None
    assert not tuple(found.processing.raw)
    assert len(found.read()) == 20


def test_a_detector_gives_scores_and_boxes(tmp_path: Path, images: Path) -> None:
    found = read(folders.finder(tmp_path / "finder"), images)
    outputs = folders.answer(found, found.read()[0].inputs)
    assert {name: list(value.shape) for name, value in outputs.items()} == {
        "logits": [1, 5, 3],
        "pred_boxes": [1, 5, 4],
    }
    assert found.processing.processing.labels.names == ("cat", "dog", "no object")
    assert found.processing.processing.prediction == Objects(
        boxes="pred_boxes", form="center", scores="softmax", background=2, threshold=0.5
    )


def test_each_tower_has_a_bundle_of_its_own(tmp_path: Path, images: Path, lines: Path) -> None:
    folder = folders.towers(tmp_path / "towers")
    for rows, name in ((lines, "text_embeds"), (images, "image_embeds")):
        found = read(folder, rows)
        outputs = folders.answer(found, found.read()[0].inputs)
        assert {key: list(value.shape) for key, value in outputs.items()} == {name: [1, 512]}
        assert len(tuple(found.processing.raw)) in (20, 40)
    both = [
        {"text": text, "image": str(file)}
        for text, file in zip(sample_files.texts(), images.rglob("*.png"), strict=False)
    ]
    found = read(folder, sample_files.jsonl(tmp_path / "both.jsonl", both))
    assert set(found.read()[0].inputs) == {"input_ids", "attention_mask", "pixel_values"}


def test_a_network_of_images_without_a_head_gives_features(tmp_path: Path, images: Path) -> None:
    network = transformers.ViTModel(transformers.ViTConfig(**folders.VISION), add_pooling_layer=False)
    found = read(folders.vision(tmp_path / "features", network), images)
    with torch.inference_mode():
        pixels = torch.from_numpy(found.read()[0].inputs["pixel_values"])
        outputs, expected = found.module(pixels), network.eval()(pixels).last_hidden_state
    assert list(outputs) == ["last_hidden_state"]
    torch.testing.assert_close(outputs["last_hidden_state"], expected)


def test_a_processor_may_be_saved_with_others(tmp_path: Path, images: Path) -> None:
    together = folders.together(folders.seer(tmp_path / "a" / "seer"))
    found, expected = (read(folder, images) for folder in (together, folders.seer(tmp_path / "b" / "seer")))
    assert found.processing.processing == expected.processing.processing


def test_texts_of_siglip_are_padded_as_it_was_trained(tmp_path: Path, lines: Path) -> None:
    folder = folders.towers(tmp_path / "towers", "Siglip")
    found = read(folder, lines)
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


def test_an_image_of_too_many_pixels_is_not_decoded(tmp_path: Path, images: Path) -> None:
    picture = next(images.rglob("*.png"))
    PIL.Image.new("1", (8192, 4097)).save(picture)
    with pytest.raises(BadInput, match=rf"{picture.name}: 8,192 x 4,097 pixels found, at most 33,554,432"):
        read(folders.seer(tmp_path / "seer"), images).read()
