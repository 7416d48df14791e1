"""Inputs for a model of transformers, of which its forward's parameters and its configuration are known."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any

import torch
from hub.exceptions import INPUTS
from hub.inputs import Maker, Makers, Size
from hub.makers import STEPS, boxes, grid, mask, normal, patches, sound, spectrogram, steps, tokens
from hub.shrinking import IMAGE, TOKENS, WIDTH
from torch import nn

# Parameters that are given together, where forward has them all: the richest first.
SETS = (
    ("input_ids", "attention_mask", "decoder_input_ids"),
    ("input_ids", "attention_mask", "bbox", "pixel_values"),
    ("input_ids", "attention_mask", "pixel_values"),
    ("input_ids", "attention_mask", "bbox"),
    ("input_features", "attention_mask", "decoder_input_ids"),
    ("input_features", "decoder_input_ids"),
    ("input_values", "decoder_input_ids"),
    ("pixel_values", "decoder_input_ids"),
    ("input_ids", "attention_mask", "input_features"),
    ("input_ids", "attention_mask", "visual_feats", "visual_pos"),
    ("input_features", "input_features_mask"),
    ("input_features", "attention_mask"),
    ("input_values", "attention_mask"),
    ("input_features",),
    ("input_values",),
    ("pixel_values",),
    ("pixel_values_videos",),
    ("past_values", "past_time_features", "past_observed_mask", "future_values", "future_time_features"),
    ("past_values",),
    ("input_ids", "attention_mask"),
    ("input_ids",),
    ("inputs_embeds",),
)
PACKED = frozenset({"grid_thw", "image_grid_thw"})  # beside these, images are rows of patches
FILMS = (2, 1)  # times: those that take an image take no film, all of them
MEL = (
    *("num_mel_bins", "feature_size", "n_mels", "input_feat_per_channel", "input_feat_size", "input_dim"),
    "input_size",
)


def ways(module: nn.Module) -> Iterator[Makers]:
    """Yield ways to call a model, the likeliest first: sets that hold its main input, in its ranks."""
    own = INPUTS.get(module.config.model_type)
    if own is not None:
        yield own
    with suppress(Exception):  # its images may need more than their pixels
        yield _about_images(module)
    takes = inspect.signature(module.forward).parameters
    plain = {name: p for name, p in takes.items() if p.kind == p.POSITIONAL_OR_KEYWORD}
    required = tuple(name for name, p in plain.items() if p.default is p.empty)
    sets = [(*required, *given) for given in ((), *SETS) if all(name in takes for name in given)]
    sets.sort(key=lambda given: module.main_input_name not in given)
    for given in dict.fromkeys(tuple(dict.fromkeys(given)) for given in sets if given):
        known = _makers(module.config, is_packed=not PACKED.isdisjoint(given))
        if all(name in known for name in given):
            for makers in product(*(known[name] for name in given)):
                yield dict(zip(given, makers, strict=True))


def _about_images(module: nn.Module) -> Makers:
    """Return a text behind the tokens that one image stands for, with its image."""
    known = _makers(module.config, is_packed=False)
    picture, text = known["pixel_values"][0], known["input_ids"][0]
    with torch.no_grad():
        found = module.get_image_features(picture(Size(1, 1), torch.Generator()))
    pooled = getattr(found, "pooler_output", found)  # (N, W), or (1, N, W), or a list of such
    features = found.last_hidden_state if pooled is None else pooled
    count = sum(
        each[..., 0].numel() for each in (features if isinstance(features, list | tuple) else [features])
    )
    token = _read(module.config, "image_token_id", "image_token_index")

    def longer(make: Maker, first: int) -> Maker:
        return lambda size, draw: torch.nn.functional.pad(make(size, draw), (count, 0), value=first)

    return {"input_ids": longer(text, token), "attention_mask": longer(mask, 1), "pixel_values": picture}


def _makers(config: Any, *, is_packed: bool) -> Mapping[str, tuple[Maker, ...]]:
    """Return by a parameter's name what it may be given, the likeliest first."""
    channels = _read(config, "num_channels", "in_channels", "in_chans") or 3
    frames = _read(config, "num_frames", "frames_per_clip") or 4
    images = tuple(partial(normal, shape=shape) for shape in _pictures(channels, frames, *_sides(config)))
    times = _read(config, "temporal_patch_size", "patch_temporal") or 1
    width = channels * times * (_read(config, "patch_size") or 16) ** 2
    packed = tuple(partial(patches, width=width, times=each) for each in FILMS)
    grids = tuple(partial(grid, times=each) for each in FILMS)
    text = partial(tokens, below=min(TOKENS, _read(config, "vocab_size") or TOKENS))
    mel, positions = _read(config, *MEL) or 80, _read(config, "max_source_positions")
    whole = (partial(normal, shape=(mel, 2 * positions)),) if positions else ()
    sounds = (*whole, partial(spectrogram, mel=mel), partial(spectrogram, mel=mel, last=False))
    series = (_read(config, "context_length") or 32, _read(config, "num_input_channels") or 1)
    return {
        "input_ids": (text,),
        "decoder_input_ids": (text,),
        "qformer_input_ids": (text,),
        "attention_mask": (mask, partial(mask, times=STEPS)),
        "input_features_mask": (partial(mask, times=STEPS),),
        "bbox": (boxes,),
        "pixel_values": packed if is_packed else images,
        "pixel_values_videos": images[2:],
        "hidden_states": packed,
        "grid_thw": grids,
        "image_grid_thw": grids,
        "input_features": sounds,
        "input_values": (sound, partial(sound, channels=1), *sounds),
        "inputs_embeds": (partial(steps, width=_read(config, "hidden_size", "d_model") or WIDTH),),
        "past_values": (partial(normal, shape=series),),
    }


def _pictures(channels: int, frames: int, height: int, width: int) -> Iterator[tuple[int, ...]]:
    """Yield the dims of a row: an image, a larger one, those of a film, one image of several, and two."""
    yield channels, height, width
    yield channels, 2 * height, 2 * width
    yield frames, channels, height, width
    yield 1, channels, height, width
    yield 2, channels, height, width


def _sides(config: Any) -> tuple[int, int]:
    sizes = getattr(config, "image_size", None)
    if isinstance(sizes, list | tuple):
        return sizes[0], sizes[-1]
    side = _read(config, "image_size") or IMAGE
    return side, side


def _read(config: Any, *names: str) -> int:
    """Return the first number that a configuration, or one that it holds, has under a name; else 0."""
    for name in names:
        value = getattr(config, name, None)
        value = value[0] if isinstance(value, list | tuple) and value else value
        if isinstance(value, int):
            return value
    inner = (getattr(config, key, None) for key in config.sub_configs or ())
    return next((found for each in inner if each is not None and (found := _read(each, *names))), 0)
