"""torch.nn's transformer layers and stacks; their fast path must not leak into the export."""

from __future__ import annotations

from functools import partial

from forms.attention import causal
from forms.form import Form
from forms.inputs import HEADS, HIDDEN, WIDTH, hidden, other, samples, vectors
from torch import Tensor, nn

OPTIONS = {"d_model": WIDTH, "nhead": HEADS, "dim_feedforward": 2 * WIDTH, "batch_first": True}


class Padded(nn.Module):
    """An encoder, or a layer of it, with padding."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.encoder(x, src_key_padding_mask=padding)


class Causal(Padded):
    """An encoder used as a decoder."""

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(x.size(1))
        return self.encoder(x, mask=mask, is_causal=True)


class Decoder(nn.Module):
    """One layer, causal, over a padded memory; ``hint`` says that the mask is causal."""

    def __init__(self, hint: bool | None) -> None:
        super().__init__()
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(**OPTIONS), num_layers=1)
        self.hint = hint

    def forward(self, x: Tensor, memory: Tensor, padding: Tensor) -> Tensor:
        return self.decoder(
            x,
            memory,
            tgt_mask=~causal(x.size(1)),
            tgt_is_causal=self.hint,
            memory_key_padding_mask=padding,
        )


class Whole(nn.Module):
    """nn.Transformer, one layer each; ``hint`` says that the target's mask is causal."""

    def __init__(self, hint: bool | None) -> None:
        super().__init__()
        self.transformer = nn.Transformer(**OPTIONS, num_encoder_layers=1, num_decoder_layers=1)
        self.hint = hint

    def forward(self, source: Tensor, target: Tensor, padding: Tensor) -> Tensor:
        return self.transformer(
            source,
            target,
            tgt_mask=~causal(target.size(1)),
            tgt_is_causal=self.hint,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )


def layer(**options: object) -> nn.Module:
    return nn.TransformerEncoderLayer(**OPTIONS, **options)


def two(**options: object) -> nn.Module:
    """Build two layers, which PyTorch itself may turn into nested tensors."""
    return nn.TransformerEncoder(layer(**options), num_layers=2, enable_nested_tensor=not options)


form = partial(Form, family="torch.nn layers")
padded = partial(form, samples=samples(x=vectors, padding=hidden), padding=HIDDEN)
decoder = partial(
    padded, samples=samples(x=vectors, memory=other(vectors), padding=other(hidden)), attentions=2
)
transformer = partial(
    padded, samples=samples(source=vectors, target=other(vectors), padding=hidden), attentions=3
)

FORMS = (
    form("nn.TransformerEncoderLayer", layer, samples=samples(src=vectors)),
    padded("nn.TransformerEncoderLayer, padding", lambda: Padded(layer())),
    padded("nn.TransformerEncoder, padding", lambda: Padded(two()), attentions=2),
    form(
        "nn.TransformerEncoder, causal, norm first",
        lambda: Causal(two(norm_first=True, activation="gelu")),
        samples=samples(x=vectors),
        attentions=2,
    ),
    decoder("nn.TransformerDecoder", lambda: Decoder(hint=None)),
    decoder("nn.TransformerDecoder, tgt_is_causal", lambda: Decoder(hint=True)),
    transformer("nn.Transformer", lambda: Whole(hint=None)),
    transformer("nn.Transformer, tgt_is_causal", lambda: Whole(hint=True)),
)
