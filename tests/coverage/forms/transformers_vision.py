"""transformers' vision models, and CLIP's two towers, from small random configurations."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, WIDTH, Size, samples, shown, tokens
from forms.tiny import SIZES, TEXT, UNPOOLED, tiny
from torch import Tensor

IMAGE = 16  # pixels a side
PATCH = 4
PICTURE = {"image_size": IMAGE, "patch_size": PATCH}


def image(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, 3, IMAGE, IMAGE, generator=draw)


def noise(size: Size, draw: torch.Generator) -> Tensor:
    return torch.rand(size.batch, (IMAGE // PATCH) ** 2, generator=draw)


form = partial(Form, family="transformers: vision", samples=samples(pixel_values=image))

FORMS = (
    form("ViT", tiny("ViTModel", UNPOOLED, **SIZES, **PICTURE)),
    form(
        "ViT-MAE, its noise an input",
        tiny("ViTMAEModel", **SIZES, **PICTURE),
        samples=samples(pixel_values=image, noise=noise),
    ),
    form("DeiT", tiny("DeiTModel", UNPOOLED, **SIZES, **PICTURE)),
    form(  # one block of windows, and one of shifted windows
        "Swin",
        tiny("SwinModel", **PICTURE, embed_dim=WIDTH, depths=[2], num_heads=[HEADS], window_size=2),
        attentions=2,
    ),
    form("CLIP vision", tiny("CLIPVisionModel", **SIZES, **PICTURE)),
    form(
        "CLIP text",
        tiny("CLIPTextModel", **TEXT, bos_token_id=0, eos_token_id=1),
        samples=samples(input_ids=tokens, attention_mask=shown),
        padding=HUGGING_FACE,
    ),
)
