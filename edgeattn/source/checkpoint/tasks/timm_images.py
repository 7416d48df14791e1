"""A network of timm, in a folder as timm writes it for Hugging Face's hub: labels of images, or vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
from safetensors.torch import load_file
from timm.data import ImageNetInfo, create_transform, infer_imagenet_subset, resolve_data_config
from torch import Tensor, nn

from edgeattn.source.checkpoint.labels import Labels
from edgeattn.source.checkpoint.network_arguments import check_arguments, check_network
from edgeattn.source.checkpoint.pickled_weights import pickle_refusal, pickles_in
from edgeattn.source.checkpoint.pixels import Pixels, UnpreparedError, opened
from edgeattn.source.checkpoint.samples.columns import Row
from edgeattn.source.checkpoint.sizes import read_config
from edgeattn.source.checkpoint.tasks.classifier import Classifier
from edgeattn.source.checkpoint.tasks.image_task import ImageTask
from edgeattn_runtime.processing.image import FILTERS

WEIGHTS = "model.safetensors"
# Of pretrained_cfg: where its weights came from.
SOURCES = {"url", "file", "hf_hub_id", "hf_hub_filename", "state_dict", "source", "custom_load"}
ALIGN = "center-even"


class TimmImages(Classifier, ImageTask):
    """A classifier of images: ``logits`` (B, labels); a network without classes gives ``embedding`` (B, W).

    Args:
        rows: ``image``, and where there is any ``label``, a name or a number.
    """

    def __init__(self, folder: Path, rows: Sequence[Row]) -> None:
        config = read_config(folder / "config.json")
        network, is_classifier = load_timm(folder, config), bool(config["num_classes"])
        named = Named(network, "logits" if is_classifier else "embedding")
        super().__init__(folder, rows, named, TimmTransform(config["pretrained_cfg"]))
        if is_classifier:
            self.classify(Labels(label_names(config, network)))


class Named(nn.Module):
    """A network whose output has a name."""

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network, self.output = network, output

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Describe images, float32 (B, 3, H, W)."""
        return {self.output: self.network(pixels)}


def load_timm(folder: Path, config: Mapping[str, Any]) -> nn.Module:
    """Return the network with its weights, in eval mode. Reads only the folder's safetensors.

    Raises:
        ValueError: timm has no such network, or builds none of its arguments; or there are no weights in
            safetensors, or not the network's.
    """
    name = config["architecture"]
    check_network("architecture", name)
    if not timm.is_model(name):
        raise ValueError(
            f"config.json: architecture {name} found, a model of timm {timm.__version__} expected; update it"
        )
    if not (folder / WEIGHTS).is_file():
        if pickles := pickles_in(folder):
            raise ValueError(pickle_refusal(pickles))
        raise ValueError(
            f"no {WEIGHTS} found; timm.models.save_for_hf(..., safe_serialization=True) saves it"
        )
    sizes = {key: config[key] for key in ("num_classes", "global_pool") if key in config}
    check_arguments("model_args", config.get("model_args", {}))
    arguments = sizes | config.get("model_args", {})
    described = {key: value for key, value in config["pretrained_cfg"].items() if key not in SOURCES}
    network: nn.Module = timm.create_model(name, pretrained_cfg=described, **arguments)
    keys = network.load_state_dict(load_file(folder / WEIGHTS), strict=False)
    others = [*keys.missing_keys, *keys.unexpected_keys]
    if others:
        more = f" and {len(others) - 1} more" if others[1:] else ""
        raise ValueError(
            f"{WEIGHTS}: weights of another network than {name} found, which differ in {others[0]}{more}; "
            "save both together with timm.models.save_for_hf(..., safe_serialization=True)"
        )
    return network.eval()


def label_names(config: Mapping[str, Any], network: nn.Module) -> list[str]:
    """Return the names of a network's classes: the folder's own, ImageNet's, or numbers."""
    names = config.get("label_names") or config["pretrained_cfg"].get("label_names")
    subset = infer_imagenet_subset(network)
    if not names and subset:
        names = ImageNetInfo(subset).label_names()
    return [str(name) for name in names or range(int(config["num_classes"]))]


class TimmTransform(Pixels):
    """Images as timm's own evaluation prepares them."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__("pixels", "timm")
        self.config: dict[str, Any] = resolve_data_config(pretrained_cfg=dict(settings))
        self.transform: Any = create_transform(**self.config, is_training=False)

    def processed(self, image: Path) -> Tensor:
        """Return an image as the transform prepares it, float32 (1, C, H, W)."""
        pixels: Tensor = self.transform(opened(image))[None]
        return pixels.float()

    def resizing(self) -> dict[str, Any]:
        """Return its settings in a bundle's words.

        Raises:
            UnpreparedError: Another filter, other channels, or a border that is trimmed.
        """
        config = self.config
        if config["interpolation"] not in FILTERS:
            filters = ", ".join(FILTERS)
            raise UnpreparedError(f"interpolation {config['interpolation']} found, one of {filters} expected")
        if config["input_size"][0] != 3:
            raise UnpreparedError(f"{config['input_size'][0]} channels found, 3 expected")
        if config.get("crop_border_pixels"):
            raise UnpreparedError("crop_border_pixels found, which trims images before they are resized")
        mean, std = list(config["mean"]), list(config["std"])
        return {
            "input": self.name,
            "channels": "RGB",
            "layout": "NCHW",
            "resample": config["interpolation"],
            "scale": 1 / 255,
            "mean": mean,
            "std": std,
            **self._frame(mean, std),
        }

    def _frame(self, mean: list[float], std: list[float]) -> dict[str, Any]:
        """Return the size of the input, and how images are resized and laid into it."""
        config = self.config
        kept = dict(zip(("height", "width"), config["input_size"][1:], strict=True))
        whole: dict[str, Any] = {side: math.floor(size / config["crop_pct"]) for side, size in kept.items()}
        if config["crop_mode"] == "border":
            fill = [round(255 * each) for each in mean]
            border = [(level / 255 - m) / s for level, m, s in zip(fill, mean, std, strict=True)]
            return {**kept, "resize": {**whole, "fit": "contain"}, "align": ALIGN, "border": border}
        if config["crop_mode"] == "squash":
            return kept if whole == kept else {**kept, "resize": whole, "align": ALIGN}
        is_square = whole["height"] == whole["width"]
        cover = {"shorter": whole["height"]} if is_square else {**whole, "fit": "cover"}
        return {**kept, "resize": cover, "align": ALIGN}
