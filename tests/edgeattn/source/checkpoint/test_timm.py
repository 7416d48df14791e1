"""Folders that timm wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import folders
import pytest
import torch

from edgeattn.source.arguments import read_source
from edgeattn.source.module import ModuleSource
from edgeattn_runtime.errors import BadInput
from edgeattn_runtime.processing.resize import Resize

timm = pytest.importorskip("timm")

SIZES = {"img_size": folders.PIXELS, "patch_size": 4, "embed_dim": 32, "depth": 1, "num_heads": 2}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Saves a small ViT with changes to what is said of its images."""

    def written(labels: int = 2, safe: bool = True, **images: Any) -> Path:
        torch.manual_seed(0)
        network = timm.create_model("vit_tiny_patch16_224", num_classes=labels, **SIZES)
        timm.models.save_for_hf(
            network,
            tmp_path / "seer",
            model_config={"label_names": ["dark", "light"]} if labels == 2 else {},
            model_args=SIZES,
            safe_serialization=safe,
        )
        file = tmp_path / "seer" / "config.json"
        config = json.loads(file.read_text("utf-8"))
        config["pretrained_cfg"] |= {"input_size": [3, folders.PIXELS, folders.PIXELS], **images}
        file.write_text(json.dumps(config), "utf-8")
        return tmp_path / "seer"

    return written


def read(folder: Path, data: Path) -> ModuleSource:
    return read_source(str(folder), data)


def test_images_that_are_stretched_are_the_device_s(write: Write, images: Path) -> None:
    found = read(write(crop_mode="squash", crop_pct=1.0), images)
    image, labels = found.processing.processing.image, found.processing.processing.labels
    assert labels.names == ("dark", "light")
    assert folders.prepared_alike(found) == image
    for sample, raw in zip(found.read(), found.processing.raw, strict=True):
        assert labels.names[sample.target.item()] == Path(str(raw["image"])).parent.name
    assert found.metric(folders.answer(found, sample.inputs), sample.target) in (0, 1)


@pytest.mark.parametrize(
    ("settings", "resize"),
    [
        ({"crop_mode": "center", "interpolation": "bilinear"}, Resize(shorter=22)),
        ({"crop_mode": "squash", "interpolation": "hamming"}, Resize(height=22, width=22)),
        ({"crop_mode": "border", "interpolation": "lanczos"}, Resize(height=22, width=22, fit="contain")),
        ({"crop_mode": "border", "crop_pct": 1.0}, Resize(height=16, width=16, fit="contain")),
    ],
)
def test_images_that_are_cut_or_in_a_border_are_the_device_s(
    write: Write, images: Path, settings: dict[str, Any], resize: Resize
) -> None:
    found = read(write(**{"crop_pct": 0.7, **settings}), images)
    image = folders.prepared_alike(found)
    assert (image.resize, image.align) == (resize, "center-even")
    assert (image.border is not None) == (settings["crop_mode"] == "border")


def transform(**settings: Any) -> Any:
    """Return timm's transform of a pretrained_cfg."""
    from edgeattn.source.checkpoint.tasks.timm_images import TimmTransform

    return TimmTransform({"input_size": [3, 16, 16], **settings})


def test_images_that_cover_an_input_that_is_no_square_are_the_device_s(images: Path) -> None:
    wide = transform(input_size=[3, 14, 18], crop_pct=0.8, crop_mode="center", interpolation="bilinear")
    table = wide.processing([*images.rglob("*.png")])
    assert table is not None
    assert table["resize"] == {"height": 17, "width": 22, "fit": "cover"}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"interpolation": "random"}, "interpolation random found, one of nearest, box, bilinear, hamming,"),
        ({"crop_border_pixels": 2}, "crop_border_pixels found"),
    ],
)
def test_a_transform_that_is_no_bundle_s_is_told(images: Path, settings: dict[str, Any], why: str) -> None:
    other = transform()
    other.config |= settings
    with pytest.warns(UserWarning, match=f"timm: {why}.*takes pixels, and no image"):
        assert other.processing(images.rglob("*.png")) is None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_network_without_classes_embeds(write: Write, images: Path) -> None:
    found = read(write(labels=0), images)
    outputs = folders.answer(found, found.read()[0].inputs)
    assert {name: list(value.shape) for name, value in outputs.items()} == {"embedding": [1, 32]}
    assert found.metric is None


def test_a_pickle_is_refused_with_the_command_that_converts_it(write: Write, images: Path) -> None:
    folder = write(safe=False, crop_mode="squash", crop_pct=1.0)
    with pytest.raises(BadInput, match=r"pytorch_model\.bin: a pickle found.*; convert it: ") as refusal:
        read(folder, images)
    folders.convert(str(refusal.value))
    read(folder, images)


def test_what_timm_does_not_have_is_named(write: Write, images: Path) -> None:
    folder = write()
    file = folder / "config.json"
    config = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**config, "architecture": "vit_of_my_own"}), "utf-8")
    with pytest.raises(BadInput, match="architecture vit_of_my_own found, a model of timm"):
        read(folder, images)
    file.write_text(json.dumps(config | {"model_args": SIZES | {"depth": 2}}), "utf-8")
    with pytest.raises(BadInput, match=r"of another network .* differ in blocks\.1\.\S+ and \d+ more"):
        read(folder, images)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "vit_tiny_patch16_224.augreg_in21k_ft_in1k"])
def test_a_name_is_what_was_downloaded(
    name: str, write: Write, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match=r"hf download timm/vit_tiny_patch16_224\.augreg_in21k_ft_in1k"):
        read_source(name, images)
    folder = write(crop_mode="squash", crop_pct=1.0)
    folders.downloaded(folder, tmp_path, "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k")
    assert read_source(name, images).name == "vit_tiny_patch16_224.augreg_in21k_ft_in1k"
