"""torch.nn's transformer layers and stacks; their fast path must not leak into the export."""

from __future__ import annotations

from functools import partial

from forms.attention import causal
from forms.form import Form
from forms.inputs import HEADS, HIDDEN, WIDTH, hidden, other, samples, vectors
from torch import Tensor, nn

OPTIONS = {"d_model": WIDTH, "nhead": HEADS, "dim_feedforward": 2 * WIDTH, "batch_first": True}


class PaddedLayer(nn.Module):
    """An encoder's layer with padding."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(**OPTIONS)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.layer(x, src_key_padding_mask=padding)


class Encoder(nn.Module):
    """Two layers with padding, which PyTorch itself may turn into nested tensors."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(**OPTIONS, **options)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=not options)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.encoder(x, src_key_padding_mask=padding)


class CausalEncoder(Encoder):
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


form = partial(Form, family="torch.nn layers")
padded = partial(form, samples=samples(x=vectors, padding=hidden), padding=HIDDEN)
decoder = partial(
    padded, samples=samples(x=vectors, memory=other(vectors), padding=other(hidden)), attentions=2
)
transformer = partial(
    padded, samples=samples(source=vectors, target=other(vectors), padding=hidden), attentions=3
)

FORMS = (
    form(
        "nn.TransformerEncoderLayer",
        lambda: nn.TransformerEncoderLayer(**OPTIONS),
        samples=samples(src=vectors),
    ),
    padded("nn.TransformerEncoderLayer, padding", PaddedLayer),
    padded("nn.TransformerEncoder, padding", Encoder, attentions=2),
    form(
        "nn.TransformerEncoder, causal, norm first",
        lambda: CausalEncoder(norm_first=True, activation="gelu"),
        samples=samples(x=vectors),
        attentions=2,
    ),
    decoder("nn.TransformerDecoder", lambda: Decoder(hint=None)),
    decoder("nn.TransformerDecoder, tgt_is_causal", lambda: Decoder(hint=True)),
    transformer("nn.Transformer", lambda: Whole(hint=None)),
    transformer("nn.Transformer, tgt_is_causal", lambda: Whole(hint=True)),
)
