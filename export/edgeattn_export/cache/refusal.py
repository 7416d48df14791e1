"""Why a model cannot be taken step by step, raised from wherever it shows."""

from __future__ import annotations

from edgeattn_runtime.errors import EdgeAttnError


class CannotStep(EdgeAttnError):  # noqa: N818 - it is a verdict, not a mistake
    """A graph has no step form; the message is the reason, which ``derive_steps`` hands back."""
