"""From meaning to what one engine is fast at, or cannot do without: a folder an engine."""

from edgeattn_export.lower.lower import Lowered, lower

__all__ = ["Lowered", "lower"]
