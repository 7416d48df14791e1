"""The key-value cache that a module's own ``forward`` takes and returns: found by calling it, and proven."""
