"""transformers' models of sound, time series and decisions, from small random configurations."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, WIDTH, Maker, Size, samples, shown
from torch import Tensor, nn
from transformers import (
    ASTConfig,
    ASTModel,
    DecisionTransformerConfig,
    DecisionTransformerModel,
    PatchTSTConfig,
    PatchTSTModel,
    TimeSeriesTransformerConfig,
    TimeSeriesTransformerModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)

SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "intermediate_size": 2 * WIDTH,
}
STRIDE = 20  # samples of sound for one vector
MELS, FRAMES = 16, 24
CONTEXT, HORIZON, LAGS = 12, 4, (1, 2)
CHANNELS = 2
STATE, ACTION = 5, 3


def wav2vec2() -> nn.Module:
    config = Wav2Vec2Config(
        **SIZES,
        conv_dim=(WIDTH, WIDTH),
        conv_kernel=(10, 4),
        conv_stride=(5, 4),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )
    return Wav2Vec2Model(config)


def ast() -> nn.Module:
    config = ASTConfig(
        **SIZES, patch_size=8, frequency_stride=8, time_stride=8, num_mel_bins=MELS, max_length=FRAMES
    )
    return ASTModel(config)


def patchtst() -> nn.Module:
    config = PatchTSTConfig(
        num_input_channels=CHANNELS,
        context_length=LONGEST,
        patch_length=4,
        patch_stride=4,
        num_hidden_layers=1,
        d_model=WIDTH,
        num_attention_heads=HEADS,
        ffn_dim=2 * WIDTH,
        use_cls_token=False,
    )
    return PatchTSTModel(config)


def time_series() -> nn.Module:
    config = TimeSeriesTransformerConfig(
        prediction_length=HORIZON,
        context_length=CONTEXT,
        lags_sequence=list(LAGS),
        num_time_features=1,
        d_model=WIDTH,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=2 * WIDTH,
        decoder_ffn_dim=2 * WIDTH,
        use_cache=False,
    )
    return TimeSeriesTransformerModel(config)


def decision() -> nn.Module:
    config = DecisionTransformerConfig(
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
    )
    return DecisionTransformerModel(config)


def _sound(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, STRIDE * size.length, generator=draw)


def _spectrogram(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, FRAMES, MELS, generator=draw)


def _channels(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, LONGEST, CHANNELS, generator=draw)


def _past(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, CONTEXT + max(LAGS), generator=draw)


def _observed(size: Size, _: torch.Generator) -> Tensor:
    return torch.ones(size.batch, CONTEXT + max(LAGS))


def _future(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, HORIZON, generator=draw)


def _times(steps: int) -> Maker:
    return lambda size, draw: torch.rand(size.batch, steps, 1, generator=draw)


def _numbers(count: int) -> Maker:
    return lambda size, draw: torch.randn(size.batch, size.length, count, generator=draw)


def _timesteps(size: Size, _: torch.Generator) -> Tensor:
    return torch.arange(size.length).repeat(size.batch, 1)  # (B, S)


form = partial(Form, family="transformers: series")

FORMS = (
    form("Wav2Vec2", wav2vec2, samples=samples(input_values=_sound)),
    form("AST", ast, samples=samples(input_values=_spectrogram)),
    form("PatchTST", patchtst, samples=samples(past_values=_channels)),
    form(
        "Time-Series Transformer",
        time_series,
        samples=samples(
            past_values=_past,
            past_time_features=_times(CONTEXT + max(LAGS)),
            past_observed_mask=_observed,
            future_values=_future,
            future_time_features=_times(HORIZON),
        ),
        attentions=3,
    ),
    form(
        "Decision Transformer",
        decision,
        samples=samples(
            states=_numbers(STATE),
            actions=_numbers(ACTION),
            returns_to_go=_numbers(1),
            timesteps=_timesteps,
            attention_mask=shown,
        ),
        padding=HUGGING_FACE,
    ),
)
