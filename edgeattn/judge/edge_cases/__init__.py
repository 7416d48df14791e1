"""Whether the original, the float export and int8 agree on the edge cases of a contract."""
