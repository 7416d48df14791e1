"""How a bundle runs, in words: whether it generates, whether rows are independent, how its session is set."""

from __future__ import annotations

from collections.abc import Iterable

from edgeattn_runtime.bundle.generation import Generation
from edgeattn_runtime.bundle.manifest import Manifest, Streaming, Variant
from edgeattn_runtime.bundle.rows import Rows, Stack
from edgeattn_runtime.bundle.session_settings import PLAIN, SessionSettings


def promises(manifest: Manifest, variant: Variant) -> dict[str, str]:
    """Return what the manifest promises of a variant, beyond its contracts, by a word for each."""
    if manifest.generation is not None:
        first = {"Generates": _generating(manifest.generation)}
    elif manifest.rows is not None:
        first = {"Rows": _running(manifest.rows, variant.stacks)}
    else:
        first = {"Rows": "not known to be independent: run as they are given"}
    fixed = {"Sizes": ", ".join(f"{name} {size}" for name, size in variant.sizes.items())}
    return {
        "Target": variant.target,
        "Engine": str(variant.engine),
        **(fixed if variant.sizes else {}),
        **first,
        **({} if manifest.streaming is None else {"Streams": _streaming(manifest.streaming, manifest)}),
        **({} if manifest.processing is None else {"Prepares": str(manifest.processing)}),
        "Session": _settings(variant.session or PLAIN),
        "Measured": variant.measured or "not run",
    }


def role(name: str, generation: Generation | None) -> str:
    """Return what a graph is: "the decoder", "the encoder"; its name where it generates nothing."""
    if generation is None:
        return name
    return {generation.decoder: "the decoder", generation.encoder: "the encoder"}.get(name, name)


def _streaming(streaming: Streaming, manifest: Manifest) -> str:
    audio = None if manifest.processing is None else manifest.processing.audio
    is_sound = audio is not None and audio.input == streaming.input
    lasting = f" ({1e3 * streaming.hop / audio.rate:g} ms)" if audio is not None and is_sound else ""
    hop = f"in hops of {streaming.hop} of {streaming.input}{lasting}"
    return f"{hop}, each answered by {', '.join(streaming.outputs)}"


def _generating(generation: Generation) -> str:
    length = "any length" if generation.positions is None else f"{generation.positions} tokens at most in all"
    own = ", ".join(f"{name} {_plain(value)}" for name, value in generation.defaults.to_table().items())
    return f"token by token, as {_article(generation.kind)}; {length}{own and f'; by default {own}'}"


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _article(kind: str) -> str:
    return f"an {kind}" if kind.startswith("e") else f"a {kind}"


def _running(rows: Rows, stacks: Iterable[Stack]) -> str:
    padding = f", padding ({rows.padding.mask}) stripped" if rows.padding is not None else ""
    together = [f"{stack.rows} in a call{_up_to(stack)}" for stack in stacks if stack.rows > 1]
    bounded = any(stack.sizes for stack in stacks)
    how = "; ".join([*together, *(["larger inputs run singly"] if bounded else [])])
    return f"independent{padding}; {how if together else 'run one by one'}"


def _up_to(stack: Stack) -> str:
    sizes = ", ".join(f"{name} {size}" for name, size in stack.sizes.items())
    return f" up to {sizes}" if sizes else ""


def _settings(session: SessionSettings) -> str:
    threads = f"{session.threads} thread{'s' if session.threads > 1 else ''}"
    used = {"spinning": session.spinning, "arena": session.arena, "memory pattern": session.memory_pattern}
    return ", ".join([threads, *(name if on else f"no {name}" for name, on in used.items())])
