"""What no rule can know of a model type of transformers: values of its configuration, and its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from hub.inputs import Makers, Size
from hub.makers import SQUARE, STEPS, grid, mask, normal, patches, spectrogram, steps, tokens
from hub.shrinking import EXPERTS, FEED_FORWARD, HEAD, HEADS, TOKENS, VOCABULARY, WIDTH
from torch import Tensor

PLAIN_ROTARY = {"rope_type": "default", "rope_theta": 1e4}
THREE_ROTARY = {**PLAIN_ROTARY, "mrope_section": [2, 3, 3]}
ROTARY_BY_TYPE = {"full_attention": THREE_ROTARY, "sliding_attention": THREE_ROTARY}
HALF_ROTARY = {**PLAIN_ROTARY, "mrope_section": [1, 1, 2], "partial_rotary_factor": 0.5}
MIXTURE = {"num_experts": EXPERTS, "top_k_experts": 2, "moe_intermediate_size": FEED_FORWARD}
SERIES = {"prediction_length": 4, "context_length": 8, "lags_sequence": [1, 2, 3], "num_time_features": 2}
PAST, FUTURE, TIMES = 8 + 3, 4, 2  # steps, and features of a time, of a series

CONFIGURATIONS: Mapping[str, Mapping[str, Any]] = {
    "apertus1p5": {
        "image_token_offset": TOKENS,
        "audio_token_offset": TOKENS + WIDTH,
        "text_config": {"vocab_size": 2 * VOCABULARY},
    },
    "autoformer": SERIES,
    "blip-2": {"image_token_index": TOKENS},
    "chameleon": {"vocabulary_map": {"<image>": TOKENS}},
    "clap": {"audio_config": {"hidden_size": 768, "window_size": 2}},
    "cohere_compass": {"text_config": {"rope_parameters": ROTARY_BY_TYPE}},
    "cohere_compass_text": {"rope_parameters": ROTARY_BY_TYPE},
    "csm": {"codec_config": {"upsample_groups": WIDTH}},
    "cvt": {"depth": [1, 2, 3]},
    "d_fine": {"decoder_in_channels": [WIDTH] * 3},
    "deepseek_ocr2": {"text_config": {"mlp_layer_types": ["dense"] * 4}},
    "deepseek_v2": {"num_experts_per_tok": 2},
    "deimv2": {"decoder_in_channels": [WIDTH] * 3},
    "diffusion_gemma": {"text_config": MIXTURE},
    "doge": {"keep_window_size": 4},
    "donut-swin": {"window_size": 2},
    "dots1": {"n_routed_experts": EXPERTS, "n_shared_experts": 1, "num_experts_per_tok": 2},
    "efficientloftr": {"hidden_size": 256},
    "emu3": {"vocabulary_map": {"<image>": TOKENS, "<|extra_200|>": TOKENS + 1}},
    "ernie4_5_vl_moe": {"text_config": {"rope_parameters": {**PLAIN_ROTARY, "mrope_section": [3, 3, 2]}}},
    "esm": {"vocab_size": VOCABULARY, "mask_token_id": 4, "pad_token_id": 1},
    "gemma3n_text": {"num_kv_shared_layers": 0},
    "glm4v_moe": {"text_config": {"rope_parameters": HALF_ROTARY}},
    "glm4v_moe_text": {"rope_parameters": HALF_ROTARY},
    "glm5_next": {"text_config": {"index_topk": 16}},
    "glm5_next_text": {"index_topk": 16},
    "gpt_neo": {"num_layers": 2, "attention_types": [[["global", "local"], 1]]},
    "granite4_vision": {
        "deepstack_layer_map": [[0, 0]],
        "downsample_rate": "1/2",
        "spatial_target_layers": [0],
    },
    "hunyuan_v1_dense": {"head_dim": HEAD},
    "hunyuan_v1_moe": {"head_dim": HEAD, "num_experts": EXPERTS, "moe_topk": 2},
    "hunyuan_vl": {"text_config": {"head_dim": HEAD}},
    "hunyuan_vl_text": {"head_dim": HEAD},
    "informer": SERIES,
    "instructblip": {"image_token_index": TOKENS},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "num_hidden_layers": 2},
    "lfm2_moe": {"layer_types": ["full_attention"]},
    "lilt": {"hidden_size": 96},
    "mamba2": {"num_heads": 2 * HEADS},
    "mgp-str": {"image_size": [32, 128]},
    "mimi": {"upsample_groups": WIDTH},
    "mimi_decoder": {"upsample_groups": WIDTH},
    "ministral": {"head_dim": HEAD},
    "molmo2": {"adapter_config": {"vision_feature_layer": [0]}},
    "muse_spark_audio": {"num_hidden_layers": 4},
    "nemo_speechlm": {"text_config": {"layers_block_type": ["attention", "moe"]}},
    "nemotron": {"num_key_value_heads": 2},
    "nemotron_h": {"layers_block_type": ["attention", "moe"]},
    "paddleocr_vl": {"text_config": {"rope_parameters": THREE_ROTARY}},
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
    "audio_mel": partial(spectrogram, mel=64),
    "audio_mel_mask": lambda size, draw: mask(size, draw, times=STEPS) == 0,
}


def _patch_maps(size: Size, draw: torch.Generator, *, side: int) -> Tensor:
    return patches(size, draw, width=3 * side**2).unflatten(-1, (3, side, side))  # (N, 3, P, P)


def _strip(size: Size, draw: torch.Generator, *, side: int) -> Tensor:
    return _patch_maps(size, draw, side=side).permute(1, 2, 0, 3).flatten(2)[None]  # (1, 3, P, N * P)


def _target(size: Size, draw: torch.Generator) -> Tensor:
    return grid(size, draw)[:, 1:]  # (1, 2)


def _places(size: Size, draw: torch.Generator) -> Tensor:
    places = torch.cartesian_prod(torch.arange(3 * SQUARE), torch.arange(3 * SQUARE)).flip(-1)
    return places.expand(size.batch, -1, -1).contiguous()  # (B, N, 2)


def _whole_steps(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, 1920 * size.length, generator=draw)


def _is_long(size: Size, draw: torch.Generator) -> Tensor:
    return torch.zeros(size.batch, 1, dtype=torch.bool)


INPUTS: Mapping[str, Makers] = {
    "audio-spectrogram-transformer": {"input_values": partial(normal, shape=(128, 128))},
    "autoformer": _SERIES,
    "blip_2_qformer": {
        "query_embeds": partial(steps, width=WIDTH),
        "encoder_hidden_states": partial(steps, width=WIDTH),
    },
    "decision_transformer": {
        "states": partial(steps, width=17),
        "actions": partial(steps, width=4),
        "rewards": partial(steps, width=1),
        "returns_to_go": partial(steps, width=1),
        "timesteps": _times,
        "attention_mask": mask,
    },
    "clap": {
        **_TEXT,
        "input_features": partial(normal, shape=(1, 64, 64)),
        "is_longer": _is_long,
    },
    "fun_asr_nano_encoder": {
        "input_features": partial(spectrogram, mel=560),
        "input_features_mask": partial(mask, times=STEPS),
    },
    "gemma3n_audio": _SPOKEN,
    "gemma4_audio": {"input_features": partial(spectrogram, mel=16)},
    "gemma4_vision": {
        "pixel_values": partial(normal, shape=(9 * SQUARE**2, 3 * 16**2)),
        "pixel_position_ids": _places,
    },
    "granite_speech5_ctc": {"input_features": partial(spectrogram, mel=320)},
    "granite_speech5_encoder": {"input_features": partial(spectrogram, mel=320)},
    "idefics": {
        **_TEXT,
        "pixel_values": partial(normal, shape=(1, 3, 56, 56)),
        "image_attention_mask": lambda size, _: torch.ones(size.batch, size.length, 1, dtype=torch.long),
    },
    "informer": _SERIES,
    "kimi_k25_vision": {"pixel_values": partial(_patch_maps, side=14), "grid_thw": grid},
    "lxmert": {
        **_TEXT,
        "visual_feats": partial(normal, shape=(6, WIDTH)),
        "visual_pos": partial(normal, shape=(6, 4)),
    },
    "minicpm_ocr_vision": {"pixel_values": partial(_strip, side=16), "target_sizes": _target},
    "minicpmv4_7_vision": {"pixel_values": partial(_strip, side=16), "target_sizes": _target},
    "mimi_decoder": {"latents": partial(spectrogram, mel=WIDTH, last=False)},
    "muse_spark_audio": {"input_values": _whole_steps},
    "pixel_values": partial(normal, shape=(3, 64, 64)),
    "perceiver": {"inputs": partial(steps, width=WIDTH)},
    "pocket_tts_audio_tokenizer_decoder": {"latents": partial(spectrogram, mel=WIDTH, last=False)},
    "time_series_transformer": _SERIES,
    "vit_mae": {"pixel_values": partial(normal, shape=(3, 64, 64)), "noise": partial(normal, shape=(16,))},
    "video_llama_3_vision": {
        "pixel_values": partial(patches, width=3 * 16**2),
        "grid_thw": grid,
        "merge_sizes": lambda *_: torch.tensor([2]),
    },
}
