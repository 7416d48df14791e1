"""transformers' decoders behind an encoder of pixels, sound or text, with the cache of their own default."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, SIZE, VOCABULARY, WIDTH, Size, other, samples, tokens
from forms.inputs import shown as told
from forms.transformers_pairs import FRAMES, MELS, SIZES, spectrogram
from forms.transformers_vision import PICTURE, image
from forms.transformers_vision import SIZES as VISION
from torch import Tensor, nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BlipConfig,
    BlipForConditionalGeneration,
    GPT2Config,
    MoonshineConfig,
    MoonshineForConditionalGeneration,
    Pix2StructConfig,
    Pix2StructForConditionalGeneration,
    SpeechEncoderDecoderConfig,
    SpeechEncoderDecoderModel,
    TrOCRConfig,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    Wav2Vec2Config,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

CACHED = {**SIZES, "use_cache": True}
PATCHES, COLUMNS = 12, 4  # of a picture of any proportions, each a row of its place and its pixels
PATCH_PIXELS = 48
SOUND = 200  # numbers of a sound for each token
ENDS = {"bos_token_id": 0, "eos_token_id": 0}
GPT2 = GPT2Config(
    **ENDS, vocab_size=VOCABULARY, n_positions=2 * LONGEST, n_embd=WIDTH, n_layer=1, n_head=HEADS
)
TROCR = TrOCRConfig(
    vocab_size=VOCABULARY,
    d_model=WIDTH,
    decoder_layers=1,
    decoder_attention_heads=HEADS,
    decoder_ffn_dim=2 * WIDTH,
    max_position_embeddings=2 * LONGEST,
    cross_attention_hidden_size=WIDTH,
)
WAV2VEC2 = Wav2Vec2Config(
    **VISION,
    conv_dim=(8, 8),
    conv_stride=(40, 2),
    conv_kernel=(80, 3),
    num_feat_extract_layers=2,
    num_conv_pos_embeddings=4,
    num_conv_pos_embedding_groups=2,
)


def seeing(decoder: GPT2Config | TrOCRConfig) -> nn.Module:
    encoder = ViTConfig(**VISION, **PICTURE)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    return VisionEncoderDecoderModel(config=config)


def hearing() -> nn.Module:
    config = SpeechEncoderDecoderConfig.from_encoder_decoder_configs(WAV2VEC2, GPT2)
    return SpeechEncoderDecoderModel(config=config)


def whisper() -> nn.Module:
    positions = {"max_source_positions": FRAMES // 2, "max_target_positions": 2 * LONGEST}
    return WhisperForConditionalGeneration(WhisperConfig(**CACHED, **positions, num_mel_bins=MELS))


def moonshine() -> nn.Module:
    config = MoonshineConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        encoder_num_hidden_layers=1,
        decoder_num_hidden_layers=1,
        encoder_num_attention_heads=HEADS,
        decoder_num_attention_heads=HEADS,
    )
    return MoonshineForConditionalGeneration(config)


def bart() -> nn.Module:
    return BartForConditionalGeneration(BartConfig(**CACHED, max_position_embeddings=2 * LONGEST))


def pix2struct() -> nn.Module:
    sizes = {"hidden_size": WIDTH, "d_kv": SIZE, "d_ff": 2 * WIDTH}
    text = {**sizes, "d_ff": 4 * WIDTH, "vocab_size": VOCABULARY, "num_layers": 1, "num_heads": HEADS}
    vision = {
        **sizes,
        "num_hidden_layers": 1,
        "num_attention_heads": HEADS,
        "patch_embed_hidden_size": PATCH_PIXELS,
        "seq_len": PATCHES,
    }
    return Pix2StructForConditionalGeneration(Pix2StructConfig(text_config=text, vision_config=vision))


def blip() -> nn.Module:
    text = {
        **VISION,
        "vocab_size": VOCABULARY,
        "encoder_hidden_size": WIDTH,
        "max_position_embeddings": 2 * LONGEST,
        "bos_token_id": 0,
        "sep_token_id": 0,
    }
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config={**VISION, **PICTURE}))


def sound(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, SOUND * size.length, generator=draw)


def sound_shown(size: Size, draw: torch.Generator) -> Tensor:
    return told(size, draw).repeat_interleave(SOUND, 1)


def patches(size: Size, draw: torch.Generator) -> Tensor:
    places = torch.arange(PATCHES)
    place = torch.stack((places // COLUMNS + 1, places % COLUMNS + 1), -1).expand(size.batch, -1, -1)
    return torch.cat((place, torch.randn(size.batch, PATCHES, PATCH_PIXELS, generator=draw)), -1)


def patches_shown(size: Size, _: torch.Generator) -> Tensor:
    kept = PATCHES - 2 * torch.arange(size.batch)  # (B)
    return (torch.arange(PATCHES) < kept[:, None]).float()  # (B, patches)


form = partial(Form, family="transformers: sources", attentions=3, steps=1)
picture = partial(form, samples=samples(pixel_values=image, decoder_input_ids=tokens))

FORMS = (
    picture("ViT and GPT-2", lambda: seeing(GPT2)),
    picture("ViT and TrOCR", lambda: seeing(TROCR)),
    form("BLIP", blip, samples=samples(pixel_values=image, input_ids=tokens)),
    form(
        "Pix2Struct, patches and mask",
        pix2struct,
        samples=samples(flattened_patches=patches, attention_mask=patches_shown, decoder_input_ids=tokens),
        padding=HUGGING_FACE,
    ),
    form("Whisper", whisper, samples=samples(input_features=spectrogram, decoder_input_ids=tokens)),
    form("Moonshine", moonshine, samples=samples(input_values=sound, decoder_input_ids=other(tokens))),
    form(
        "Wav2Vec2 and GPT-2, sound and mask",
        hearing,
        samples=samples(input_values=sound, attention_mask=sound_shown, decoder_input_ids=other(tokens)),
        padding=HUGGING_FACE,
    ),
    form(
        "BART, tokens and mask",
        bart,
        samples=samples(input_ids=tokens, attention_mask=told, decoder_input_ids=other(tokens)),
        padding=HUGGING_FACE,
    ),
)
