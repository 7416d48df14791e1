"""From meaning to what one engine is fast at, or cannot do without: a folder an engine."""
