"""All forms, family by family."""

from __future__ import annotations

from forms import (
    blocks,
    caches,
    convolutions,
    experts,
    heads,
    masks,
    nested,
    positions,
    products,
    projections,
    scales,
    sdpa,
    torch_attention,
    torch_layers,
    transformers_causal,
    transformers_pairs,
    transformers_series,
    transformers_sources,
    transformers_text,
    transformers_vision,
    weights,
    windows,
)
from forms.form import Form

FORMS: tuple[Form, ...] = (
    *products.FORMS,
    *projections.FORMS,
    *scales.FORMS,
    *weights.FORMS,
    *masks.FORMS,
    *sdpa.FORMS,
    *torch_attention.FORMS,
    *torch_layers.FORMS,
    *positions.FORMS,
    *windows.FORMS,
    *heads.FORMS,
    *blocks.FORMS,
    *convolutions.FORMS,
    *experts.FORMS,
    *transformers_text.FORMS,
    *transformers_causal.FORMS,
    *caches.FORMS,
    *transformers_pairs.FORMS,
    *transformers_sources.FORMS,
    *transformers_vision.FORMS,
    *transformers_series.FORMS,
    *nested.FORMS,
)
