"""transformers' encoder-decoders of text and speech, from small random configurations."""

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
from torch import Tensor, nn
from transformers import (
    BartConfig,
    BartModel,
    MarianConfig,
    MarianModel,
    T5Config,
    T5EncoderModel,
    T5Model,
    WhisperConfig,
    WhisperModel,
)

MELS = 8  # bands of a spectrogram
FRAMES = 40  # of it; Whisper's encoder takes no other number

SIZES = {
    "vocab_size": VOCABULARY,
    "d_model": WIDTH,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": HEADS,
    "decoder_attention_heads": HEADS,
    "encoder_ffn_dim": 2 * WIDTH,
    "decoder_ffn_dim": 2 * WIDTH,
    "use_cache": False,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 1,
    "decoder_start_token_id": 2,
}


def t5(architecture: type[nn.Module]) -> nn.Module:
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=WIDTH,
        d_kv=SIZE,
        d_ff=2 * WIDTH,
        num_layers=1,
        num_heads=HEADS,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=20,
        use_cache=False,
    )
    return architecture(config)


def marian() -> nn.Module:
    return MarianModel(MarianConfig(**SIZES, max_position_embeddings=2 * LONGEST))


def bart() -> nn.Module:
    return BartModel(BartConfig(**SIZES, max_position_embeddings=2 * LONGEST))


def whisper() -> nn.Module:
    positions = {"max_source_positions": FRAMES // 2, "max_target_positions": 2 * LONGEST}
    return WhisperModel(WhisperConfig(**SIZES, **positions, num_mel_bins=MELS))


def spectrogram(size: Size, draw: torch.Generator) -> Tensor:
    return torch.randn(size.batch, MELS, FRAMES, generator=draw)


form = partial(Form, family="transformers: encoder-decoder")
pair = partial(
    form,
    samples=samples(input_ids=tokens, attention_mask=shown, decoder_input_ids=other(tokens)),
    attentions=3,
    padding=HUGGING_FACE,
)

FORMS = (
    form(
        "T5 encoder",
        lambda: t5(T5EncoderModel),
        samples=samples(input_ids=tokens, attention_mask=shown),
        padding=HUGGING_FACE,
    ),
    pair("T5", lambda: t5(T5Model)),
    pair("Marian", marian),
    pair("BART", bart),
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
