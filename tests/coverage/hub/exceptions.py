"""What no rule can know of a model type of transformers: values of its configuration, and its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from hub.inputs import Makers, Size
from hub.makers import STEPS, mask, normal, spectrogram, steps, tokens
from hub.shrinking import HEAD, HEADS, TOKENS, VOCABULARY, WIDTH
from torch import Tensor

PLAIN_ROTARY = {"rope_type": "default", "rope_theta": 1e4}
HALF_ROTARY = {**PLAIN_ROTARY, "mrope_section": [1, 1, 2], "partial_rotary_factor": 0.5}
SERIES = {"prediction_length": 4, "context_length": 8, "lags_sequence": [1, 2, 3], "num_time_features": 2}
PAST, FUTURE, TIMES = 8 + 3, 4, 2  # steps, and features of a time, of a series

CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "autoformer": SERIES,
    "chameleon": {"vocabulary_map": {"<image>": TOKENS}},
    "csm": {"codec_config": {"upsample_groups": WIDTH}},
    "d_fine": {"decoder_in_channels": [WIDTH] * 3},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "deimv2": {"decoder_in_channels": [WIDTH] * 3},
    "donut-swin": {"window_size": 2},
    "esm": {"vocab_size": VOCABULARY, "mask_token_id": 4, "pad_token_id": 1},
    "gemma3n_text": {"num_kv_shared_layers": 0},
    "glm4v_moe_text": {"rope_parameters": HALF_ROTARY},
    "glm4v_moe": {"text_config": {"rope_parameters": HALF_ROTARY}},
    "glm5_next": {"text_config": {"index_topk": 16}},
    "glm5_next_text": {"index_topk": 16},
    "gpt_neo": {"num_layers": 2, "attention_types": [[["global", "local"], 1]]},
    "hunyuan_v1_dense": {"head_dim": HEAD},
    "hunyuan_v1_moe": {"head_dim": HEAD},
    "hunyuan_vl": {"text_config": {"head_dim": HEAD}},
    "hunyuan_vl_text": {"head_dim": HEAD},
    "informer": SERIES,
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "num_hidden_layers": 2},
    "lfm2_moe": {"layer_types": ["full_attention"]},
    "lilt": {"hidden_size": 96},
    "mamba2": {"num_heads": 2 * HEADS},
    "mgp-str": {"image_size": [32, 128]},
    "mimi": {"upsample_groups": WIDTH},
    "mimi_decoder": {"upsample_groups": WIDTH},
    "ministral": {"head_dim": HEAD},
    "nemotron": {"num_key_value_heads": 2},
    "nemotron_h": {"layers_block_type": ["attention", "moe"]},
    "pocket_tts_audio_tokenizer": {"upsample_groups": WIDTH},
    "pocket_tts_audio_tokenizer_decoder": {"upsample_groups": WIDTH},
    "reformer": {"is_decoder": True},
    "rt_detr": {"decoder_in_channels": [WIDTH] * 3},
    "rt_detr_v2": {"decoder_in_channels": [WIDTH] * 3},
    "time_series_transformer": SERIES,
}


def _times(size: Size, draw: torch.Generator) -> Tensor:
    return torch.arange(size.length)[None].expand(size.batch, -1).contiguous()


def _seen(size: Size, draw: torch.Generator) -> Tensor:
    return torch.ones(size.batch, PAST)


_TEXT: Makers = {"input_ids": partial(tokens, below=TOKENS), "attention_mask": mask}
_SERIES: Makers = {
    "past_values": partial(normal, shape=(PAST,)),
    "past_time_features": partial(normal, shape=(PAST, TIMES)),
    "past_observed_mask": _seen,
    "future_values": partial(normal, shape=(FUTURE,)),
    "future_time_features": partial(normal, shape=(FUTURE, TIMES)),
}
_SPOKEN: Makers = {
    "audio_mel": partial(spectrogram, mel=128),
    "audio_mel_mask": lambda size, draw: mask(size, draw, times=STEPS) == 0,
}

INPUTS: Mapping[str, Makers] = {
    "audio-spectrogram-transformer": {"input_values": partial(normal, shape=(128, 128))},
    "autoformer": _SERIES,
    "blip_2_qformer": {"query_embeds": partial(steps, width=WIDTH)},
    "decision_transformer": {
        "states": partial(steps, width=17),
        "actions": partial(steps, width=4),
        "rewards": partial(steps, width=1),
        "returns_to_go": partial(steps, width=1),
        "timesteps": _times,
        "attention_mask": mask,
    },
    "gemma3n_audio": _SPOKEN,
    "granite_speech5_ctc": {"input_features": partial(spectrogram, mel=320)},
    "granite_speech5_encoder": {"input_features": partial(spectrogram, mel=320)},
    "informer": _SERIES,
    "lxmert": {
        **_TEXT,
        "visual_feats": partial(normal, shape=(6, WIDTH)),
        "visual_pos": partial(normal, shape=(6, 4)),
    },
    "time_series_transformer": _SERIES,
}
