"""A folder that ``save_pretrained`` of transformers wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn
from transformers import logging

from edgeattn.source.checkpoint.from_folder import LOCAL
from edgeattn.source.checkpoint.network_arguments import check_arguments, check_network
from edgeattn.source.checkpoint.own_files import check_shards
from edgeattn.source.checkpoint.pickled_weights import pickle_refusal, pickles_in
from edgeattn.source.checkpoint.sizes import read_config

# Of a backbone that config.json names: transformers itself would fetch its weights (4.57), or ask the hub for
# a repository of that name (5).
NAMING = ("backbone", "backbone_kwargs", "use_timm_backbone", "use_pretrained_backbone")
ASKING = version("transformers") >= "5"


def architecture_of(folder: Path) -> str:
    """Return the class that a folder's config.json names.

    Raises:
        ValueError: It names none, or one that transformers does not have; or what would be fetched; or a size
            is beyond its bound.
    """
    config = read_config(folder / "config.json")
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


def main_input(architecture: str) -> str:
    """Return what a class of transformers calls its main input, such as ``pixel_values``."""
    return str(getattr(transformers, architecture).main_input_name)


def load_network(folder: Path, without: Sequence[str] = ()) -> nn.Module:
    """Return the network with its weights, in float32 and eval mode. Reads only the folder's safetensors.

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
    settings = local_settings(config := read_config(folder / "config.json"))
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


def local_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return config.json with its backbone as one that nothing is fetched for.

    Raises:
        ValueError: It names a repository, or arguments that build no network.
    """
    for table in _tables(config):
        for key in ("model_args", "backbone_kwargs"):
            check_arguments(key, table.get(key) or {})
        if table.get("model_type") == "timm_wrapper":
            check_network("architecture", table.get("architecture"))
        if table.get("backbone") is not None:
            _check_backbone(table)
    return _named(config)


def _named(config: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(config)
    name, arguments = settings.get("backbone"), settings.get("backbone_kwargs")
    if ASKING and name is not None and arguments and settings.get("backbone_config") is None:
        settings = {key: value for key, value in settings.items() if key not in NAMING}
        built = {"model_type": "timm_backbone", "backbone": name, **arguments}
        return settings | {"backbone_config": built}
    if arguments is None:
        settings.pop("backbone_kwargs", None)  # of which some transformers take no null
    if "use_pretrained_backbone" in settings:
        settings["use_pretrained_backbone"] = False
    part = settings.get("backbone_config")
    return settings | ({"backbone_config": _named(part)} if isinstance(part, dict) else {})


def _check_backbone(table: Mapping[str, Any]) -> None:
    is_timm = table.get("use_timm_backbone") or table.get("model_type") == "timm_backbone"
    if not is_timm:
        raise ValueError(
            f"config.json: backbone {table['backbone']} found, whose settings lie on the hub, and nothing is "
            "fetched; backbone_config expected, as save_pretrained of transformers 5 writes it"
        )
    check_network("backbone", table["backbone"])


def _tables(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _tables(each)
    elif isinstance(value, list):
        for each in value:
            yield from _tables(each)
