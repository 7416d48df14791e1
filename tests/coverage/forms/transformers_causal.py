"""transformers' decoders of text, from small random configurations."""

from __future__ import annotations

from functools import partial

from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, SIZE, VOCABULARY, WIDTH, samples, shown, tokens
from torch import nn
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS // 2,
    "intermediate_size": 2 * WIDTH,
    "max_position_embeddings": 2 * LONGEST,
    "use_cache": False,
}


def gpt2(attention: str) -> nn.Module:
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=2 * LONGEST,
        n_embd=WIDTH,
        n_layer=1,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=False,
        attn_implementation=attention,
    )
    return GPT2LMHeadModel(config)


def bloom() -> nn.Module:
    config = BloomConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, n_layer=1, n_head=HEADS, use_cache=False)
    return BloomForCausalLM(config)


def gemma2() -> nn.Module:
    return Gemma2ForCausalLM(Gemma2Config(**SIZES, head_dim=SIZE, attn_implementation="eager"))


def llama(attention: str) -> nn.Module:
    return LlamaForCausalLM(LlamaConfig(**SIZES, attn_implementation=attention))


def qwen2() -> nn.Module:
    """Build one layer of full and one of sliding attention."""
    layers = {"num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"]}
    return Qwen2ForCausalLM(Qwen2Config(**{**SIZES, **layers}, use_sliding_window=True, sliding_window=4))


def qwen3() -> nn.Module:
    return Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=SIZE))


form = partial(
    Form,
    family="transformers: causal",
    samples=samples(input_ids=tokens, attention_mask=shown),
    padding=HUGGING_FACE,
)

FORMS = (
    form("GPT-2, eager", lambda: gpt2("eager")),
    form("GPT-2, sdpa", lambda: gpt2("sdpa")),
    form("Llama, eager", lambda: llama("eager")),
    form("Llama, sdpa", lambda: llama("sdpa")),
    form("Qwen2", qwen2, attentions=2),
    form("Qwen3", qwen3),
    form("BLOOM", bloom),
    form("Gemma 2", gemma2),
)
