"""A recipe's name as it is shown: its graphs by what they are to their user."""

from __future__ import annotations

import re

_OF_BOTH = re.compile(r"^model: (?=.*; encoder: )", re.DOTALL)  # see edgeattn_export.quantize.bundle_recipe


def recipe_words(name: str) -> str:
    """Return a name to be read; beside an encoder, the graph "model" is the decoder.

    Args:
        name: The recipe's own, such as "model: 13 int8; encoder: 10 int8", by which its file goes.
    """
    return _OF_BOTH.sub("decoder: ", name)
