"""A drawing set into the page."""

from __future__ import annotations

import re


def inline(picture: bytes) -> str:
    """Return the svg element alone: its prolog and namespaces are for files, and HTML knows them."""
    text = picture.decode()
    element = text[text.index("<svg") :]
    return re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", element)
