"""Small random models of transformers, each by the name of its class and what its configuration is to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import transformers
from forms.inputs import HEADS, LONGEST, VOCABULARY, WIDTH
from torch import nn

UNPOOLED = MappingProxyType({"add_pooling_layer": False})
SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "intermediate_size": 2 * WIDTH,
}
TEXT = {**SIZES, "vocab_size": VOCABULARY, "max_position_embeddings": 2 * LONGEST}
CAUSAL = {**TEXT, "num_key_value_heads": HEADS // 2, "use_cache": False}

HALVES = {  # of an encoder-decoder
    "d_model": WIDTH,
    "encoder_layers": 1,
    "decoder_layers": 1,
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), HEADS),
    **dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 2 * WIDTH),
}
GPT2 = {
    "vocab_size": VOCABULARY,
    "n_positions": 2 * LONGEST,
    "n_embd": WIDTH,
    "n_layer": 1,
    "n_head": HEADS,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def tiny(
    name: str, options: Mapping[str, object] = MappingProxyType({}), /, **config: object
) -> Callable[[], nn.Module]:
    """Return what builds a model.

    Args:
        name: Of its class.
        options: Its constructor's, beside the configuration.
        config: What its configuration says.
    """
    architecture = getattr(transformers, name)
    return lambda: architecture(architecture.config_class(**config), **options)
