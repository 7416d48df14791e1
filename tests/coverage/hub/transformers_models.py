"""Every model type of transformers' AutoModel, small and random."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import transformers
from hub.exceptions import CONFIGURATIONS
from hub.shrinking import HEAD, Plan, shrunk
from hub.transformers_inputs import ways
from torch import nn
from transformers import PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

__all__ = ["attempts", "names", "ways"]

PLANS = (Plan(1), Plan(2), Plan(4, distinct=True), Plan(4), Plan(1, narrow=False))
SECTIONS = (HEAD // 8, HEAD * 3 // 16, HEAD * 3 // 16)  # times, rows and columns: half a head's width
ROTARY = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [*SECTIONS]}


def names() -> list[str]:
    """Return every model type that has a configuration."""
    return [kind for kind in MODEL_MAPPING_NAMES if kind in CONFIG_MAPPING]


def attempts(kind: str) -> Iterator[Callable[[], nn.Module]]:
    """Yield ways to build the model of a type, the smallest first; a decoder of text has its head."""
    for plan in PLANS:
        yield partial(_build, kind, plan)


def _build(kind: str, plan: Plan) -> nn.Module:
    config = configuration(CONFIG_MAPPING[kind], plan, CONFIGURATIONS.get(kind, {}))
    return _model_class(kind, config)(config)


def _model_class(kind: str, config: PreTrainedConfig) -> type[nn.Module]:
    """Return the class of a type's model: the first, where it has several."""
    is_decoder = not config.is_encoder_decoder and not config.sub_configs
    with_head = MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.get(kind) if is_decoder else None
    names = with_head or MODEL_MAPPING_NAMES[kind]
    return getattr(transformers, names if isinstance(names, str) else names[0])


def configuration(
    cls: type[Any], plan: Plan, given: Mapping[str, Any], default: Mapping[str, Any] = MappingProxyType({})
) -> PreTrainedConfig:
    """Return a small configuration of a class, and of those that it holds.

    Args:
        cls: The configuration's.
        plan: How far it shrinks.
        given: What it is given as it stands, by attribute; of an inner one, a mapping of the same kind.
        default: What stands for the class's own defaults.
    """
    fields = {**_defaults(cls), **default}
    small = {**default, **shrunk(fields, plan), **given}
    for key, spec in cls.sub_configs_defaults.items():
        if key in given or not (spec.optional and fields.get(key) is None):
            small[key] = configuration(_class_of(spec), plan, given.get(key, {}), spec.init_kwargs)
    if "mrope_section" in getattr(cls, "ignore_keys_at_rope_validation", ()):
        small = {"rope_parameters": ROTARY, **small}
    if "use_cache" in fields:
        small["use_cache"] = False
    made = cls(**small)
    kinds = list(dict.fromkeys(getattr(made, "layer_types", None) or ()))
    if not plan.distinct or not kinds or "layer_types" in given:
        return made
    return cls(**{**small, "layer_types": kinds, "num_hidden_layers": len(kinds)})


def _class_of(spec: Any) -> type[Any]:
    is_config = issubclass(spec.config_class, PreTrainedConfig)
    return spec.config_class if is_config else CONFIG_MAPPING[spec.model_type]


def _defaults(cls: type[Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return found
