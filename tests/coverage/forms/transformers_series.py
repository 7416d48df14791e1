"""transformers' models of sound, time series and decisions, from small random configurations."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, WIDTH, Maker, Size, samples, shown
from forms.tiny import HALVES, SIZES, tiny
from torch import Tensor

STRIDE = 20  # samples of sound for one vector
MELS, FRAMES = 16, 24
CONTEXT, HORIZON, LAGS = 12, 4, (1, 2)
PAST = CONTEXT + max(LAGS)
CHANNELS = 2
STATE, ACTION = 5, 3


def drawn(*dims: int) -> Maker:
    return lambda size, draw: torch.randn(size.batch, *dims, generator=draw)


def numbers(count: int) -> Maker:
    return lambda size, draw: torch.randn(size.batch, size.length, count, generator=draw)


def times(steps: int) -> Maker:
    return lambda size, draw: torch.rand(size.batch, steps, 1, generator=draw)


def sound(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, STRIDE * size.length, generator=draw)


form = partial(Form, family="transformers: series")

FORMS = (
    form(
        "Wav2Vec2",
        tiny(
            "Wav2Vec2Model",
            **SIZES,
            conv_dim=(WIDTH, WIDTH),
            conv_kernel=(10, 4),
            conv_stride=(5, 4),
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
        ),
        samples=samples(input_values=sound),
    ),
    form(
        "AST",
        tiny(
            "ASTModel",
            **SIZES,
            **dict.fromkeys(("patch_size", "frequency_stride", "time_stride"), 8),
            num_mel_bins=MELS,
            max_length=FRAMES,
        ),
        samples=samples(input_values=drawn(FRAMES, MELS)),
    ),
    form(
        "PatchTST",
        tiny(
            "PatchTSTModel",
            num_input_channels=CHANNELS,
            context_length=LONGEST,
            patch_length=4,
            patch_stride=4,
            num_hidden_layers=1,
            d_model=WIDTH,
            num_attention_heads=HEADS,
            ffn_dim=2 * WIDTH,
            use_cls_token=False,
        ),
        samples=samples(past_values=drawn(LONGEST, CHANNELS)),
    ),
    form(
        "Time-Series Transformer",
        tiny(
            "TimeSeriesTransformerModel",
            **HALVES,
            prediction_length=HORIZON,
            context_length=CONTEXT,
            lags_sequence=list(LAGS),
            num_time_features=1,
            use_cache=False,
        ),
        samples=samples(
            past_values=drawn(PAST),
            past_time_features=times(PAST),
            past_observed_mask=lambda size, _: torch.ones(size.batch, PAST),
            future_values=drawn(HORIZON),
            future_time_features=times(HORIZON),
        ),
        attentions=3,
    ),
    form(
        "Decision Transformer",
        tiny(
            "DecisionTransformerModel",
            state_dim=STATE,
            act_dim=ACTION,
            hidden_size=WIDTH,
            max_ep_len=2 * LONGEST,
            n_positions=4 * LONGEST,
            n_layer=1,
            n_head=HEADS,
            bos_token_id=0,
            eos_token_id=0,
            use_cache=False,
        ),
        samples=samples(
            states=numbers(STATE),
            actions=numbers(ACTION),
            returns_to_go=numbers(1),
            timesteps=lambda size, _: torch.arange(size.length).repeat(size.batch, 1),  # (B, S)
            attention_mask=shown,
        ),
        padding=HUGGING_FACE,
    ),
)
