"""A folder that ``save_pretrained`` of transformers wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import logging

from edgeattn.source.checkpoint.backbone import local_settings
from edgeattn.source.checkpoint.from_folder import LOCAL
from edgeattn.source.checkpoint.own_files import check_shards
from edgeattn.source.checkpoint.pickled_weights import pickle_refusal, pickles_in


def architecture_of(folder: Path) -> str:
    """Return the class that a folder's config.json names.

    Raises:
        ValueError: It names none, or one that transformers does not have; or what would be fetched.
    """
    config = config_of(folder)
    local_settings(config)
    named: list[str] = config.get("architectures") or []
    if len(named) != 1:
        raise ValueError(
            f"config.json: architectures {list(named)} found, the name of one class expected; add it"
        )
    (name,) = named
    if not isinstance(getattr(transformers, name, None), type):
        raise ValueError(
            f"config.json: architecture {name} found, a class of transformers {transformers.__version__} "
            "expected; write a model file for code of its own"
        )
    return name


def config_of(folder: Path) -> dict[str, Any]:
    """Return config.json."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


def main_input(architecture: str) -> str:
    """Return what a class of transformers calls its main input, such as ``pixel_values``."""
    return str(getattr(transformers, architecture).main_input_name)


def load_network(folder: Path, without: Sequence[str] = ()) -> nn.Module:
    """Return the network with its weights, in float32 and eval mode. Reads the folder's safetensors alone.

    Args:
        folder: Holds config.json and the weights.
        without: Parts that are not used, and need no weights.

    Raises:
        ValueError: There are no weights in safetensors, or some of the network's are missing; or they lie
            outside of the folder, or are an adapter's.
    """
    name = architecture_of(folder)
    if not any(folder.glob("*.safetensors")):
        if pickles := pickles_in(folder):
            raise ValueError(pickle_refusal(pickles))
        raise ValueError("no weights found, such as model.safetensors; save them there with save_pretrained")
    check_shards(folder)
    if (folder / "adapter_config.json").is_file():
        raise ValueError(
            "adapter_config.json: an adapter found, weights of a network expected; merge both with "
            "merge_and_unload of peft, and save_pretrained"
        )
    quiet: Any = logging
    quiet.disable_progress_bar()
    architecture: Any = getattr(transformers, name)
    settings = local_settings(config := config_of(folder))
    built = {} if settings == config else {"config": architecture.config_class.from_dict(settings)}
    network, loading = architecture.from_pretrained(
        folder,
        **LOCAL,
        **built,
        use_safetensors=True,
        dtype=torch.float32,
        output_loading_info=True,
    )
    missing = sorted(key for key in loading["missing_keys"] if not key.startswith(tuple(without)))
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise ValueError(
            f"no weights for {missing[0]}{more} found, which {name} has; train it first, or correct "
            "architectures in config.json"
        )
    module: nn.Module = network.eval()
    return module


def vocabulary_of(network: Any) -> int:
    """Return how many tokens a network scores."""
    return len(network.get_output_embeddings().weight)


def drop_pooler(network: nn.Module) -> None:
    """Leave out the vector that a network makes of its first token, which most are not trained for."""
    if getattr(network, "pooler", None) is not None:
        network.register_module("pooler", None)
