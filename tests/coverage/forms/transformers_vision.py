"""transformers' vision models, and CLIP's two towers, from small random configurations."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, VOCABULARY, WIDTH, Size, samples, shown, tokens
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    DeiTConfig,
    DeiTModel,
    SwinConfig,
    SwinModel,
    ViTConfig,
    ViTMAEConfig,
    ViTMAEModel,
    ViTModel,
)

IMAGE = 16  # pixels a side
PATCH = 4

SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "intermediate_size": 2 * WIDTH,
}
PICTURE = {"image_size": IMAGE, "patch_size": PATCH}


def swin() -> nn.Module:
    """Build one block of windows, and one of shifted windows."""
    return SwinModel(SwinConfig(**PICTURE, embed_dim=WIDTH, depths=[2], num_heads=[HEADS], window_size=2))


def clip_text() -> nn.Module:
    config = CLIPTextConfig(
        **SIZES, vocab_size=VOCABULARY, max_position_embeddings=2 * LONGEST, bos_token_id=0, eos_token_id=1
    )
    return CLIPTextModel(config)


def image(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, 3, IMAGE, IMAGE, generator=draw)


def noise(size: Size, draw: torch.Generator) -> Tensor:
    return torch.rand(size.batch, (IMAGE // PATCH) ** 2, generator=draw)


form = partial(Form, family="transformers: vision", samples=samples(pixel_values=image))

FORMS = (
    form("ViT", lambda: ViTModel(ViTConfig(**SIZES, **PICTURE), add_pooling_layer=False)),
    form(
        "ViT-MAE, its noise an input",
        lambda: ViTMAEModel(ViTMAEConfig(**SIZES, **PICTURE)),
        samples=samples(pixel_values=image, noise=noise),
    ),
    form("DeiT", lambda: DeiTModel(DeiTConfig(**SIZES, **PICTURE), add_pooling_layer=False)),
    form("Swin", swin, attentions=2),
    form("CLIP vision", lambda: CLIPVisionModel(CLIPVisionConfig(**SIZES, **PICTURE))),
    form(
        "CLIP text",
        clip_text,
        samples=samples(input_ids=tokens, attention_mask=shown),
        padding=HUGGING_FACE,
    ),
)
