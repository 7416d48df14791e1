"""transformers' own generating models, small and with random weights, and as edgeattn takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

VOCABULARY, POSITIONS, WIDTH, HEADS = 60, 40, 32, 4
PAD, END, START = 0, 1, 2
LENGTHS = (5, 9, 14, 7, 11, 6)
SPREAD = 0.3  # of the weights: tokens are foretold with some certainty, and sequences differ


class Decoder(nn.Module):
    """A decoder alone: its logits."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Score what follows ``tokens`` (B, S)."""
        return {"logits": self.model(input_ids=tokens, use_cache=False).logits}


class Pair(nn.Module):
    """An encoder of tokens with a mask, and a decoder: the decoder's logits."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, source: Tensor, mask: Tensor, tokens: Tensor) -> dict[str, Tensor]:
        """Score what follows ``tokens`` (B, S), given ``source`` (B, T) where ``mask`` is 1."""
        outputs = self.model(input_ids=source, attention_mask=mask, decoder_input_ids=tokens, use_cache=False)
        return {"logits": outputs.logits}


IDS = {"pad_token_id": PAD, "eos_token_id": END, "bos_token_id": START}


def gpt2() -> PreTrainedModel:
    sizes = {"vocab_size": VOCABULARY, "n_positions": POSITIONS, "n_embd": WIDTH, "n_layer": 2}
    return GPT2LMHeadModel(GPT2Config(**sizes, **IDS, n_head=HEADS))


def llama() -> PreTrainedModel:
    sizes = {"vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS, "hidden_size": WIDTH}
    heads = {"num_attention_heads": HEADS, "num_key_value_heads": HEADS // 2}
    layers = {"num_hidden_layers": 2, "intermediate_size": 2 * WIDTH}
    return LlamaForCausalLM(LlamaConfig(**sizes, **heads, **layers, **IDS))


def bart() -> PreTrainedModel:
    sizes = {"vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS, "d_model": WIDTH}
    stacks = {
        f"{stack}_{what}": value
        for stack in ("encoder", "decoder")
        for what, value in (("layers", 1), ("attention_heads", HEADS), ("ffn_dim", 2 * WIDTH))
    }
    config = BartConfig(**sizes, **stacks, **IDS, decoder_start_token_id=START, forced_eos_token_id=None)
    return BartForConditionalGeneration(config)


def t5() -> PreTrainedModel:
    sizes = {"vocab_size": VOCABULARY, "d_model": WIDTH, "d_kv": WIDTH // HEADS, "d_ff": 2 * WIDTH}
    config = T5Config(**sizes, **IDS, num_layers=1, num_heads=HEADS, decoder_start_token_id=START)
    return T5ForConditionalGeneration(config)


MODELS: Mapping[str, tuple[Callable[[], PreTrainedModel], type[nn.Module]]] = {
    "gpt2": (gpt2, Decoder),
    "llama": (llama, Decoder),
    "bart": (bart, Pair),
    "t5": (t5, Pair),
}


def build(name: str) -> tuple[PreTrainedModel, nn.Module, list[dict[str, Tensor]]]:
    """Return a model of transformers', the same as edgeattn takes it, and samples."""
    torch.manual_seed(3)
    make, wrap = MODELS[name]
    model = make().eval()
    for parameter in model.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=SPREAD)
    return model, wrap(model).eval(), [_sample(wrap, length) for length in LENGTHS]


def _sample(wrap: type[nn.Module], length: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(length)
    tokens = torch.randint(3, VOCABULARY, (1, length), generator=draw)
    if wrap is Decoder:
        return {"tokens": tokens}
    source = torch.randint(3, VOCABULARY, (1, length + 2), generator=draw)
    return {"source": source, "mask": torch.ones_like(source), "tokens": tokens}
