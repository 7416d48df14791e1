"""The verbs of ``python -m edgeattn_runtime``, and what they print."""
