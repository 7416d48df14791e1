"""The backbone that config.json names: a network of timm, built as it says, its weights those of the folder.

transformers itself would fetch these (4.57), or ask the hub for a repository of that name (5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from edgeattn.source.checkpoint.network_arguments import check_arguments, check_network

NAMING = ("backbone", "backbone_kwargs", "use_timm_backbone", "use_pretrained_backbone")
ASKING = version("transformers") >= "5"


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
