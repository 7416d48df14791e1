"""How a library's own configuration becomes a small one: by what its attributes are called.

A rule reads an attribute's name and its default. Sizes that must fit one another keep their ratios: a width
is ``HEADS`` times a head's, and lists of widths shrink by one factor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

HEADS = 4
HEAD = 16
WIDTH = HEADS * HEAD
FEED_FORWARD = 2 * WIDTH
VOCABULARY = 128
TOKENS = 96  # ids below it are text; those from it on stand for images, sounds and the like
POSITIONS = 128
WINDOW = 8
EXPERTS = 4
FACTOR = 8  # by which the widths of a list shrink
PATCHES = 4  # a side
LARGE_PATCH = 8  # pixels; smaller ones are merged on the way, so that they need a larger image
IMAGE = 64  # pixels a side, for those

Rule = Callable[[int], int]


def _at_most(limit: int) -> Rule:
    return lambda value: min(value, limit)


def _power_of_two(limit: int) -> Rule:
    return lambda value: 1 << (min(value, limit).bit_length() - 1) if value > 0 else value


def _token(value: int) -> int:
    return value if value < TOKENS else TOKENS + value % (VOCABULARY - TOKENS)


def _key_heads(value: int) -> int:
    return min(value, HEADS if value > 8 else HEADS // 2)


Rules = tuple[tuple[str, Rule], ...]

# The first that is found in a name counts. An indexer scores keys by sums over its heads of what a ReLU
# leaves: of few heads many sums are 0, and which of these keys it takes is PyTorch's own choice.
_STRUCTURE: Rules = (
    (r"index_n_heads$", int),
    (r"index_topk$", _at_most(WINDOW)),
    (r"(token|eos|bos|pad|sep|unk|mask|lang|ignore)_(id|index)$|_id$", _token),
    (r"(experts_per_tok|top_?k)$|moe_k$", _at_most(2)),
    (r"(n_group|topk_group)$", _at_most(1)),
    (r"first_k_dense_replace$|num_dense_layers$", _at_most(0)),
    (r"vocab(_size)?(_|$)|vocab_size", _at_most(VOCABULARY)),
    (r"position|n_ctx$|context_length$|max_seq|max_source|max_target|max_2d|max_len", _at_most(POSITIONS)),
    (r"experts?(_num)?$", _at_most(EXPERTS)),
    (r"num_classes$", _at_most(10)),
    (r"(window(_size)?|chunk_size|block_size|window_len)$|local_attention", _at_most(WINDOW)),
    (r"quer(y|ies)(_num|_length)?$|num_latents", _at_most(8)),
)
_WIDTHS: Rules = (
    (r"kernel|stride|patch|pool|temporal|merge|frames|groups|mel_bins|(num|audio)_channels|in_chan", int),
    (r"(kv|key_value|kv_n)_heads$", _key_heads),
    (r"head_dim$|dim_head$|d_kv$|rotary_dim$|head_size$|attention_channels$", _at_most(HEAD)),
    (r"heads?(_ipa|_inner|_outer)?$|n_heads?$|attention_heads$", _power_of_two(HEADS)),
    (r"ffn|intermediate|mlp_(dim|hidden)|d_ff$|dff$|d_inner|feed_?forward|dim_ff", _at_most(FEED_FORWARD)),
    (r"(size|dims?|channels|rank|n_embd|filters|planes|units|hidden)$|width", _at_most(WIDTH)),
    (r"d_(model|latents)$", _at_most(WIDTH)),
)
_LAYERS = re.compile(r"layers?$|(^|_)n_layers?$|depth$|num_blocks$|num_hidden_groups|block_layers")
_IMAGE = re.compile(r"(image|img|input|crop|pretrain_image)_size$|resolution$")
_INDICES = re.compile(r"ind(ices|exes)$|layers?$|_ids$")


@dataclass(frozen=True, slots=True)
class Plan:
    """How far a configuration shrinks.

    Attributes:
        layers: Of each stack, at most.
        narrow: Whether widths shrink too; they stay as they are where a model ties them to one another.
        distinct: Whether of these layers one of each type is left, where a configuration names their types.
    """

    layers: int
    narrow: bool = True
    distinct: bool = False


def shrunk(fields: Mapping[str, object], plan: Plan) -> dict[str, object]:
    """Return the attributes to change, with what to change them to.

    Args:
        fields: A configuration's attributes with their defaults.
        plan: How far.
    """
    small = {name: _small(name, value, fields, plan) for name, value in fields.items()}
    return {name: value for name, value in small.items() if value != fields[name]}


def _small(name: str, value: object, fields: Mapping[str, object], plan: Plan) -> object:
    match value:
        case bool():
            return value
        case int():
            return _number(name, value, fields, plan)
        case list() | tuple() if value and all(type(each) is int for each in value):
            return type(value)(_list(name, value, fields, plan))
        case list() | tuple() if name.endswith(("layer_types", "attention_layers")):
            return value[: plan.layers]
        case dict() if plan.narrow and any("section" in str(key) for key in value):
            return {key: _sections(each) if "section" in key else each for key, each in value.items()}
        case _:
            return value


def _number(name: str, value: int, fields: Mapping[str, object], plan: Plan) -> int:
    if _LAYERS.search(name):
        return min(value, plan.layers)
    if _IMAGE.search(name):
        return min(value, image_side(fields))
    heads = fields.get("num_heads")
    if plan.narrow and name in ("embed_dim", "hidden_size") and isinstance(heads, list | tuple):
        return min(value, HEAD * int(heads[0]))  # the first stage's
    if "window" in name and "spatial_merge_size" in fields:
        return value  # in pixels
    rules = _STRUCTURE + (_WIDTHS if plan.narrow else ())
    return next((rule(value) for pattern, rule in rules if re.search(pattern, name)), value)


def _list(name: str, value: Sequence[int], fields: Mapping[str, object], plan: Plan) -> list[int]:
    if _IMAGE.search(name):
        return [min(each, image_side(fields)) for each in value]
    if re.search(r"depths?$|depth_list$|^layers$|num_blocks$|blocks_per_stage$", name):
        return [min(each, 2 if i == 0 else 1) for i, each in enumerate(value)]
    if _INDICES.search(name) and "depths" not in fields and max(value) > len(value):
        return list(dict.fromkeys(min(each, plan.layers - 1) for each in value))
    if "window" in name:
        return [min(each, WINDOW) for each in value]
    is_width = re.search(r"sizes?$|dims?(_per_stage)?$|channels$|widths?(_list)?$", name)
    if plan.narrow and is_width and not re.search("patch|kernel|pool|head", name):
        return [_divided(each) for each in value]
    return list(value)


def _divided(width: int) -> int:
    """Return a width by ``FACTOR``, up to the next that four heads can share."""
    return width if width < FACTOR else -(-width // FACTOR // 4) * 4


def image_side(fields: Mapping[str, object]) -> int:
    """Return the side of a small image, in pixels."""
    patch = fields.get("patch_size")
    patch = patch[0] if isinstance(patch, list | tuple) else patch
    return PATCHES * patch if isinstance(patch, int) and patch >= LARGE_PATCH else IMAGE


def _sections(value: object) -> object:
    return [max(1, each // FACTOR) for each in value] if isinstance(value, list | tuple) else value
