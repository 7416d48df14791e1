"""A folder that timm wrote for Hugging Face's hub: config.json with ``architecture``, and weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import timm
from safetensors.torch import load_file
from timm.data import ImageNetInfo, infer_imagenet_subset
from torch import nn

from edgeattn.source.checkpoint.network_arguments import check_arguments, check_network
from edgeattn.source.checkpoint.pickled_weights import pickle_refusal, pickles_in

WEIGHTS = "model.safetensors"
# Of pretrained_cfg: where its weights came from.
SOURCES = {"url", "file", "hf_hub_id", "hf_hub_filename", "state_dict", "source", "custom_load"}


def read_config(folder: Path) -> dict[str, Any]:
    """Return what config.json says of the network, its labels and its images."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


def load_timm(folder: Path) -> nn.Module:
    """Return the network with its weights, in eval mode. Reads the folder's safetensors alone.

    Args:
        folder: Holds config.json and model.safetensors.

    Raises:
        ValueError: timm has no such network, or builds none of its arguments; or there are no weights in
            safetensors, or not the network's.
    """
    config = read_config(folder)
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


def label_names(folder: Path, network: nn.Module) -> list[str]:
    """Return the names of a network's classes: the folder's own, ImageNet's, or numbers."""
    config = read_config(folder)
    names = config.get("label_names") or config["pretrained_cfg"].get("label_names")
    subset = infer_imagenet_subset(network)
    if not names and subset:
        names = ImageNetInfo(subset).label_names()
    return [str(name) for name in names or range(int(config["num_classes"]))]
