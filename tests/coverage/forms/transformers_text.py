"""transformers' encoders of text, from small random configurations."""

from __future__ import annotations

from functools import partial

from forms.form import Form
from forms.inputs import HEADS, HUGGING_FACE, LONGEST, VOCABULARY, WIDTH, samples, shown, tokens
from torch import nn
from transformers import (
    AlbertConfig,
    AlbertModel,
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
)

SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "intermediate_size": 2 * WIDTH,
    "max_position_embeddings": 2 * LONGEST,
}


def bert(attention: str) -> nn.Module:
    return BertModel(BertConfig(**SIZES, attn_implementation=attention), add_pooling_layer=False)


def distilbert() -> nn.Module:
    config = DistilBertConfig(
        vocab_size=VOCABULARY, dim=WIDTH, n_layers=1, n_heads=HEADS, hidden_dim=2 * WIDTH
    )
    return DistilBertModel(config)


def roberta() -> nn.Module:
    return RobertaModel(RobertaConfig(**SIZES), add_pooling_layer=False)


def deberta() -> nn.Module:
    config = DebertaV2Config(
        **SIZES,
        relative_attention=True,
        position_buckets=8,
        pos_att_type=["p2c", "c2p"],
        norm_rel_ebd="layer_norm",
        share_att_key=True,
    )
    return DebertaV2Model(config)


def albert() -> nn.Module:
    config = AlbertConfig(**{**SIZES, "num_hidden_layers": 2}, embedding_size=WIDTH // 2)
    return AlbertModel(config, add_pooling_layer=False)


def electra() -> nn.Module:
    return ElectraModel(ElectraConfig(**SIZES, embedding_size=WIDTH // 2))


def modernbert() -> nn.Module:
    """Build one layer of global and one of local attention."""
    config = ModernBertConfig(
        **{**SIZES, "num_hidden_layers": 2},
        local_attention=6,
        layer_types=["full_attention", "sliding_attention"],
        pad_token_id=0,
        bos_token_id=1,
        cls_token_id=1,
        eos_token_id=2,
        sep_token_id=2,
    )
    return ModernBertModel(config)


form = partial(
    Form,
    family="transformers: text",
    samples=samples(input_ids=tokens, attention_mask=shown),
    padding=HUGGING_FACE,
)

FORMS = (
    form("BERT, eager", lambda: bert("eager")),
    form("BERT, sdpa", lambda: bert("sdpa")),
    form("DistilBERT", distilbert),
    form("RoBERTa", roberta),
    form("DeBERTa-v2", deberta),
    form("ALBERT", albert, attentions=2),
    form("ELECTRA", electra),
    form("ModernBERT", modernbert, attentions=2),
)
