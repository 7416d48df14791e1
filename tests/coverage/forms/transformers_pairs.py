"""transformers' encoder-decoders, from small random configurations; those of sources have their own cache."""

from __future__ import annotations

from functools import partial

import torch
from forms.form import Form
from forms.inputs import (
    HEADS,
    HUGGING_FACE,
    LONGEST,
    SIZE,
    VOCABULARY,
    WIDTH,
    Size,
    other,
    samples,
    shown,
    tokens,
    vectors,
)
from forms.tiny import GPT2, HALVES, TEXT, tiny
from forms.tiny import SIZES as VISION
from forms.transformers_vision import PICTURE, image
from torch import Tensor, nn
from transformers import (
    GPT2Config,
    PreTrainedConfig,
    SpeechEncoderDecoderModel,
    TrOCRConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    Wav2Vec2Config,
)

MELS = 8  # bands of a spectrogram
FRAMES = 40  # of it; Whisper's encoder takes no other number
PATCHES, COLUMNS = 12, 4  # of a picture of any proportions, each a row of its place and its pixels
PATCH_PIXELS = 48
SOUND = 200  # numbers of a sound for each token

PLACES = {"max_position_embeddings": 2 * LONGEST}
CACHED = {
    "vocab_size": VOCABULARY,
    **HALVES,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
    "decoder_start_token_id": 2,
}
SIZES = {**CACHED, "use_cache": False}
T5 = {
    "vocab_size": VOCABULARY,
    "d_model": WIDTH,
    "d_kv": SIZE,
    "d_ff": 2 * WIDTH,
    "num_layers": 1,
    "num_heads": HEADS,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 20,
    "use_cache": False,
}
WHISPER = {
    "max_source_positions": FRAMES // 2,
    "max_target_positions": 2 * LONGEST,
    "num_mel_bins": MELS,
}
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
PIX2STRUCT = {"hidden_size": WIDTH, "d_kv": SIZE, "d_ff": 2 * WIDTH}

whisper = tiny("WhisperModel", **SIZES, **WHISPER)


def joined(model: type[nn.Module], encoder: PreTrainedConfig, decoder: PreTrainedConfig) -> nn.Module:
    return model(config=model.config_class.from_encoder_decoder_configs(encoder, decoder))


def seeing(decoder: PreTrainedConfig) -> nn.Module:
    return joined(VisionEncoderDecoderModel, ViTConfig(**VISION, **PICTURE), decoder)


def spectrogram(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, MELS, FRAMES, generator=draw)


def sound(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, SOUND * size.length, generator=draw)


def sound_shown(size: Size, draw: torch.Generator) -> Tensor:
    return shown(size, draw).repeat_interleave(SOUND, 1)


def patches(size: Size, draw: torch.Generator) -> Tensor:
    places = torch.arange(PATCHES)
    place = torch.stack((places // COLUMNS + 1, places % COLUMNS + 1), -1).expand(size.batch, -1, -1)
    return torch.cat((place, torch.randn(size.batch, PATCHES, PATCH_PIXELS, generator=draw)), -1)


def patches_shown(size: Size, _: torch.Generator) -> Tensor:
    kept = PATCHES - 2 * torch.arange(size.batch)  # (B)
    return (torch.arange(PATCHES) < kept[:, None]).float()  # (B, patches)


texts = samples(input_ids=tokens, attention_mask=shown, decoder_input_ids=other(tokens))
form = partial(Form, family="transformers: encoder-decoder")
pair = partial(form, samples=texts, attentions=3, padding=HUGGING_FACE)
source = partial(Form, family="transformers: sources", attentions=3, steps=1)
picture = partial(source, samples=samples(pixel_values=image, decoder_input_ids=tokens))

PAIRS = (
    form(
        "T5 encoder",
        tiny("T5EncoderModel", **T5),
        samples=samples(input_ids=tokens, attention_mask=shown),
        padding=HUGGING_FACE,
    ),
    pair("T5", tiny("T5Model", **T5)),
    pair("Marian", tiny("MarianModel", **SIZES, **PLACES)),
    pair("BART", tiny("BartModel", **SIZES, **PLACES)),
    form(
        "Whisper encoder",
        lambda: whisper().get_encoder(),
        samples=samples(input_features=spectrogram),
    ),
    form(
        "Whisper decoder",
        lambda: whisper().get_decoder(),
        samples=samples(input_ids=tokens, encoder_hidden_states=other(vectors)),
        attentions=2,
    ),
)
SOURCES = (
    picture("ViT and GPT-2", lambda: seeing(GPT2Config(**GPT2))),
    picture("ViT and TrOCR", lambda: seeing(TROCR)),
    source(
        "BLIP",
        tiny(
            "BlipForConditionalGeneration",
            text_config={**TEXT, "encoder_hidden_size": WIDTH, "bos_token_id": 0, "sep_token_id": 0},
            vision_config={**VISION, **PICTURE},
        ),
        samples=samples(pixel_values=image, input_ids=tokens),
    ),
    source(
        "Pix2Struct, patches and mask",
        tiny(
            "Pix2StructForConditionalGeneration",
            text_config={
                **PIX2STRUCT,
                "d_ff": 4 * WIDTH,
                "vocab_size": VOCABULARY,
                "num_layers": 1,
                "num_heads": HEADS,
            },
            vision_config={
                **PIX2STRUCT,
                "num_hidden_layers": 1,
                "num_attention_heads": HEADS,
                "patch_embed_hidden_size": PATCH_PIXELS,
                "seq_len": PATCHES,
            },
        ),
        samples=samples(flattened_patches=patches, attention_mask=patches_shown, decoder_input_ids=tokens),
        padding=HUGGING_FACE,
    ),
    source(
        "Whisper",
        tiny("WhisperForConditionalGeneration", **CACHED, **WHISPER),
        samples=samples(input_features=spectrogram, decoder_input_ids=tokens),
    ),
    source(
        "Moonshine",
        tiny(
            "MoonshineForConditionalGeneration",
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            encoder_num_hidden_layers=1,
            decoder_num_hidden_layers=1,
            encoder_num_attention_heads=HEADS,
            decoder_num_attention_heads=HEADS,
        ),
        samples=samples(input_values=sound, decoder_input_ids=other(tokens)),
    ),
    source(
        "Wav2Vec2 and GPT-2, sound and mask",
        lambda: joined(SpeechEncoderDecoderModel, WAV2VEC2, GPT2Config(**GPT2)),
        samples=samples(input_values=sound, attention_mask=sound_shown, decoder_input_ids=other(tokens)),
        padding=HUGGING_FACE,
    ),
    source(
        "BART, tokens and mask",
        tiny("BartForConditionalGeneration", **CACHED, **PLACES),
        samples=texts,
        padding=HUGGING_FACE,
    ),
)
