"""transformers' encoders and decoders of text, from small random configurations."""

from __future__ import annotations

from functools import partial

from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, SIZE, VOCABULARY, WIDTH, samples, shown, tokens
from forms.tiny import CAUSAL as SIZES
from forms.tiny import GPT2, TEXT, UNPOOLED, tiny

form = partial(Form, samples=samples(input_ids=tokens, attention_mask=shown), padding=HUGGING_FACE)
text = partial(form, family="transformers: text")
causal = partial(form, family="transformers: causal")

TWO = {"num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"]}

TEXTS = (
    text("BERT, eager", tiny("BertModel", UNPOOLED, **TEXT, attn_implementation="eager")),
    text("BERT, sdpa", tiny("BertModel", UNPOOLED, **TEXT, attn_implementation="sdpa")),
    text(
        "DistilBERT",
        tiny(
            "DistilBertModel",
            vocab_size=VOCABULARY,
            dim=WIDTH,
            n_layers=1,
            n_heads=HEADS,
            hidden_dim=2 * WIDTH,
        ),
    ),
    text("RoBERTa", tiny("RobertaModel", UNPOOLED, **TEXT)),
    text(
        "DeBERTa-v2",
        tiny(
            "DebertaV2Model",
            **TEXT,
            relative_attention=True,
            position_buckets=8,
            pos_att_type=["p2c", "c2p"],
            norm_rel_ebd="layer_norm",
            share_att_key=True,
        ),
    ),
    text(
        "ALBERT",
        tiny("AlbertModel", UNPOOLED, **{**TEXT, "num_hidden_layers": 2}, embedding_size=WIDTH // 2),
        attentions=2,
    ),
    text("ELECTRA", tiny("ElectraModel", **TEXT, embedding_size=WIDTH // 2)),
    text(
        "ModernBERT",
        tiny(
            "ModernBertModel",
            **{**TEXT, **TWO},
            local_attention=6,
            pad_token_id=0,
            bos_token_id=1,
            cls_token_id=1,
            eos_token_id=2,
            sep_token_id=2,
        ),
        attentions=2,
    ),
)
CAUSAL = (
    *(
        causal(
            f"GPT-2, {attention}",
            tiny("GPT2LMHeadModel", **GPT2, use_cache=False, attn_implementation=attention),
        )
        for attention in ("eager", "sdpa")
    ),
    *(
        causal(f"Llama, {attention}", tiny("LlamaForCausalLM", **SIZES, attn_implementation=attention))
        for attention in ("eager", "sdpa")
    ),
    causal(
        "Qwen2",
        tiny("Qwen2ForCausalLM", **{**SIZES, **TWO}, use_sliding_window=True, sliding_window=4),
        attentions=2,
    ),
    causal("Qwen3", tiny("Qwen3ForCausalLM", **SIZES, head_dim=SIZE)),
    causal(
        "BLOOM",
        tiny(
            "BloomForCausalLM",
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            n_layer=1,
            n_head=HEADS,
            use_cache=False,
        ),
    ),
    causal("Gemma 2", tiny("Gemma2ForCausalLM", **SIZES, head_dim=SIZE, attn_implementation="eager")),
)
