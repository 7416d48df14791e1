"""How much longer a tokenizer's replacements make a text, by what its file says of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers.decoders import Decoder
    from tokenizers.normalizers import Normalizer


def growth_of(part: Normalizer | Decoder | None) -> float:
    """Return how many characters become of one at most; 1 where a text grows no longer.

    Each replacement of a sequence replaces in what the one before it made, so that they multiply.
    """
    return 1.0 if part is None else _growth(json.loads(part.__getstate__()))


def _growth(table: Mapping[str, Any]) -> float:
    if table["type"] == "Sequence":
        return math.prod(_growth(each) for each in table.get("normalizers") or table.get("decoders") or ())
    if table["type"] != "Replace":
        return 1.0
    length = len(table["content"])
    replaced = len(table["pattern"].get("String", ""))
    return max(1.0, length / replaced) if replaced else 1.0 + length  # an expression may match nothing
