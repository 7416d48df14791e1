"""Which share of a graph's work runs where: expected by an engine's list, or read from a session."""
