"""The forms that a recipe may give a layer, by name; each is a rewrite like the rules of ``fuse``."""

from collections.abc import Mapping
from typing import Any

from edgeattn_export.fuse.rule import Rule
from edgeattn_export.quantize.forms.embedding_int8 import EmbeddingInt8
from edgeattn_export.quantize.forms.gelu_tanh import GeluTanh
from edgeattn_export.quantize.forms.linear_int8 import LinearInt8

FORMS: Mapping[str, Rule[Any]] = {form.name: form for form in (LinearInt8(), EmbeddingInt8(), GeluTanh())}

__all__ = ["FORMS"]
