"""How a bundle runs, in words: whether it generates, whether rows are independent, how its session is set."""

from __future__ import annotations

from edgeattn_runtime.generation import Generation
from edgeattn_runtime.manifest import Manifest
from edgeattn_runtime.rows import Rows
from edgeattn_runtime.settings import PLAIN, SessionSettings


def promises(manifest: Manifest) -> dict[str, str]:
    """Return what the manifest says beside its contracts, by a word for each."""
    if manifest.generation is not None:
        first = {"Generates": _generating(manifest.generation)}
    else:
        first = {"Rows": "not known to be independent: run as they are given"}
        if manifest.rows is not None:
            first = {"Rows": _running(manifest.rows)}
    return first | {"Session": _settings(manifest.session or PLAIN)}


def role(name: str, generation: Generation | None) -> str:
    """Return what a graph is: "the decoder", "the encoder"; its name where it generates nothing."""
    if generation is None:
        return name
    return {generation.decoder: "the decoder", generation.encoder: "the encoder"}.get(name, name)


def _generating(generation: Generation) -> str:
    length = "any length" if generation.positions is None else f"{generation.positions} tokens at most in all"
    cache = "grows" if generation.length is None else "is kept in place"
    return f"token by token, as {_article(generation.kind)}; {length}; the cache {cache}"


def _article(kind: str) -> str:
    return f"an {kind}" if kind.startswith("e") else f"a {kind}"


def _running(rows: Rows) -> str:
    padding = f", without the padding that {rows.padding.mask} tells" if rows.padding is not None else ""
    stacks = [
        f"{stack.rows} in a call up to {', '.join(f'{name} {size}' for name, size in stack.sizes.items())}"
        for stack in rows.stacks
        if stack.rows > 1
    ]
    how = "; ".join([*stacks, "beyond that one by one"]) if stacks else "run one by one"
    return f"independent{padding}; {how}"


def _settings(session: SessionSettings) -> str:
    threads = f"{session.threads} thread{'s' if session.threads > 1 else ''}"
    used = {"spinning": session.spinning, "arena": session.arena, "memory pattern": session.memory_pattern}
    return ", ".join([threads, *(name if on else f"no {name}" for name, on in used.items())])
