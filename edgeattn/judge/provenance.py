"""Whether a model is still the one that a bundle was made of, by the hashes in the bundle's provenance."""

from __future__ import annotations

from edgeattn.source.source import Source
from edgeattn_runtime.manifest import Manifest

_SHOWN = 12  # digits of a hash, which tell two apart


def differing(manifest: Manifest, source: Source) -> tuple[str, ...]:
    """Say what of a model has changed since the bundle was made, a line each; what is unknown is not said."""
    found = {"weights": source.weights_sha256, "source": source.sha256}
    words = {
        "weights": f"The weights of {source.name} are not those that the bundle was made of",
        "source": f"The file of {source.name} is not the one that the bundle was made of",
    }
    return tuple(
        f"{words[name]} (sha256 {now[:_SHOWN]}, {str(before)[:_SHOWN]} expected): compared all the same."
        for name, now in found.items()
        if now is not None and (before := manifest.provenance.get(name)) not in (None, now)
    )
